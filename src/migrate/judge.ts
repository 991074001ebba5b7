import type { Catalogue } from '../config/modules/catalogue.js';
import { checkConfig } from '../config/check.js';
import type { LoadedConfig } from '../config/document/document.js';
import type { Problem } from '../config/document/problems.js';
import { isPlainSecret, secretForm } from '../config/checks/secrets.js';
import { stepsOf } from '../config/envelope/steps.js';
import { isMapping } from '../config/values/values.js';
import { findFiles, type FoundFile } from './files.js';
import type { Finding } from './finding.js';
import { hadEffect } from './reference-keys.js';
import { rules } from './rules.js';

/** What became of one file. */
export interface JudgedFile {
  file: string;
  kind: FoundFile['kind'];
  findings: Finding[];
}

export interface JudgeOptions {
  /** The project root: relative paths in configs start here. */
  root: string;
  /** Path of the connection profiles. */
  profile?: string | undefined;
  catalogue?: Catalogue;
}

/**
 * Judges the configs of satokiyo/pydataflow-template in a file or a folder, and changes nothing.
 *
 * @param path as a person gave it
 * @throws `ConfigProblems` if there is nothing of that name
 */
export async function judge(path: string, options: JudgeOptions): Promise<JudgedFile[]> {
  const judged: JudgedFile[] = [];
  for (const found of findFiles(path, options.root)) {
    judged.push({
      file: found.file,
      kind: found.kind,
      findings: inOrder(await findingsOf(found, options)),
    });
  }
  return judged;
}

async function findingsOf(found: FoundFile, options: JudgeOptions): Promise<Finding[]> {
  switch (found.kind) {
    case 'pipeline':
      return judgePipeline(found.loaded, options);
    case 'profiles':
      return plainPasswords(found.loaded);
    case 'other':
      return [];
    case 'unreadable':
      return found.problems.map(refused);
  }
}

/** What the loader refuses and, at every other place, what the rules say. */
async function judgePipeline(loaded: LoadedConfig, options: JudgeOptions): Promise<Finding[]> {
  const { problems } = await checkConfig(loaded, options);
  const places = new Set(problems.map(({ path }) => path));
  const config = { loaded, steps: stepsOf(loaded.value) };
  const told = rules.flatMap(({ name, kind, judge: places_ }) =>
    places_(config).map(({ path, message, part }): Finding => {
      return { kind, rule: name, ...loaded.problem(path, message, part) };
    }),
  );
  return [...problems.map(refused), ...told.filter(({ path }) => !places.has(path))];
}

function refused(problem: Problem): Finding {
  const isIdle = problem.message.startsWith('unknown key') && !hadEffect(problem.path);
  const message = isIdle ? `${problem.message} (there it had no effect)` : problem.message;
  return { kind: 'refused', rule: 'loader', ...problem, message };
}

/** There the file went to the bucket as it is; a job here gets no password in plain text. */
function plainPasswords(loaded: LoadedConfig): Finding[] {
  const { value } = loaded;
  return Object.entries(isMapping(value) ? value : {}).flatMap(([key, profile]) => {
    const password = isMapping(profile) ? profile['password'] : undefined;
    if (!isPlainSecret([key, 'password'], password)) return [];
    const message =
      'in plain text; the local runner takes it. For a job on Dataflow write ' +
      `\`${secretForm}\`, or run with --allow-plaintext-profile`;
    const problem = loaded.problem([key, 'password'], message);
    return [{ kind: 'note', rule: 'plain-password', ...problem } satisfies Finding];
  });
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
