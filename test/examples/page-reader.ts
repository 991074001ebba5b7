import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { choosePort } from '../../src/dev/environment/ports.js';
import { blocksOf, type Block } from '../support/page.js';
import { until } from '../support/until.js';
import { recordForeignCommands, unknownToPrograms } from './foreign-commands.js';
import type { Project } from './project.js';

/**
 * The blocks of a page that a reader pastes into a shell. A word after `sh` says what is special: `serves`
 * stays until Ctrl-C; `cloud` needs Google Cloud and `docker` a container engine: there, programs of
 * theirs are not run, but looked up; `elsewhere` is for another site.
 */
export function commandsOf(page: string): Block[] {
  return blocksOf(`docs/${page}`).filter(
    ({ language, flag }) => language === 'sh' && flag !== 'elsewhere',
  );
}

/** Ports of the pages, in whose place the tests take free ones. */
const portPattern = /(?<=127\.0\.0\.1:|port )\d+/g;

export interface Page {
  page: string;
  /** A folder of the project that the reader is in; else the project itself. */
  folder?: string;
  /** Files that the reader has, below that folder; what is no text is the page's first block in the language of its name. */
  files?: Record<string, string | true>;
  /** What else the reader has done. */
  first?: string | (() => string);
  /** What else the reader does before what serves is ended. */
  last?: string;
  /** A program that not every machine has. */
  needs?: string;
  /** What is waited for then. */
  until?: () => boolean;
  says: string[];
}

/** Does what a reader of the page does, and returns what is said. */
export async function readPage(
  project: Project,
  { page, folder = '.', files = {}, first = '', last = '', until: isReached }: Page,
): Promise<string> {
  const home = join(project.root, folder);
  for (const [name, given] of Object.entries(files)) {
    const language = name.split('.').at(-1);
    const block = blocksOf(`docs/${page}`).find((each) => each.language === language);
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), given === true ? (block?.text ?? '') : given);
  }
  mkdirSync(home, { recursive: true });
  const foreign = recordForeignCommands(join(project.root, `programs-of-${page}`));
  const ports = new Map<string, number>();
  const as = async (text: string): Promise<string> => {
    for (const [port] of text.matchAll(portPattern)) {
      if (!ports.has(port)) ports.set(port, await choosePort(0));
    }
    const ported = text.replaceAll(portPattern, (port) => String(ports.get(port)));
    const given = typeof first === 'string' ? first : first();
    const local = ported.replace('--host 0.0.0.0', '--host 127.0.0.1');
    return ['set -e', `cd '${home}'`, given, local].join('\n');
  };
  const serving: string[] = [];
  let script = '';
  for (const { flag, text } of commandsOf(page)) {
    if (flag === 'serves') serving.push(await as(text));
    else if (flag === '') script += text;
    else script += `PATH='${foreign.path}':$PATH\n${text}`;
  }
  const served = await Promise.all(serving.map((text) => project.serve(text)));
  const { exitCode, output } = await project.shell(await as(`${script}\n${last}`));
  assert.equal(exitCode, 0, output);
  if (isReached !== undefined) await until(isReached);
  const said = [output, ...(await Promise.all(served.map((each) => each.end())))];
  assert.deepEqual(await unknownToPrograms(foreign.calls()), []);
  const text = said.join('\n');
  return [...ports].reduce((shown, [port, free]) => shown.replaceAll(`:${free}`, `:${port}`), text);
}
