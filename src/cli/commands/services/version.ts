import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { print, printJson } from '../../terminal/output.js';

/** `beamline version`: the versions that matter in a report of a defect. */
export function register(program: Command): void {
  program
    .command('version')
    .description('show the versions of Beamline and of what it runs on')
    .addHelpText('after', examples('version', 'version --json'))
    .action(async (_options: unknown, command: Command) => {
      const { json } = globalsOf(command);
      const versions = await findVersions();
      if (json) printJson(versions);
      else {
        const rows = Object.entries(versions).map(([name, found]) => [
          name.replaceAll('_', ' '),
          found ?? 'not found; run `scripts/setup`',
        ]);
        for (const line of columns(rows)) print(line);
      }
    });
}

/** Null for what is not there. */
async function findVersions(): Promise<Record<string, string | null>> {
  const { packageRoot } = await import('../../../dev/services/tools.js');
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const [python, temporal] = await Promise.all([pythonVersions(), temporalCliVersion()]);
  return {
    beamline: version,
    node: process.versions.node,
    ...python,
    temporal_cli: temporal,
  };
}

const askPython =
  'import importlib.metadata as m, json, platform; ' +
  "print(json.dumps([platform.python_version(), m.version('apache-beam')]))";

async function pythonVersions(): Promise<{ python: string | null; apache_beam: string | null }> {
  const { pythonPath } = await import('../../../process/python.js');
  const said = await outputOf(pythonPath(), ['-c', askPython]);
  const [python, beam] = said === null ? [null, null] : (JSON.parse(said) as [string, string]);
  return { python, apache_beam: beam };
}

async function temporalCliVersion(): Promise<string | null> {
  const { findTemporalCli } = await import('../../../dev/services/temporal-cli.js');
  try {
    const said = await outputOf(findTemporalCli(), ['--version']);
    return said?.replace(/^temporal version /, '') ?? null;
  } catch {
    return null;
  }
}

async function outputOf(command: string, args: string[]): Promise<string | null> {
  const { execa } = await import('execa');
  const { exitCode, stdout } = await execa(command, args, { reject: false, timeout: 20_000 });
  return exitCode === 0 ? stdout.trim() : null;
}
