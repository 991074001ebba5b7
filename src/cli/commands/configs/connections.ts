import type { Command } from 'commander';
import type { TestedConnection } from '../../ask/connections-test.js';
import { exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { bad, good } from '../../terminal/colour.js';
import { columns } from '../../../text/columns.js';
import { note, print, printJson } from '../../terminal/output.js';
import { counted } from '../../../shared/counts.js';

interface Options {
  profile?: string;
  config?: string;
}

/** `beamline connections test [KEY…]`: connects with each profile and says what failed. */
export function register(program: Command): void {
  const connections = program
    .command('connections')
    .description('connection profiles: `connections test` tries them');
  connections
    .command('test')
    .description('connect with each profile, and say what failed and what to do')
    .argument('[keys...]', 'profiles to try (default: those of --config, else all of the file)')
    .option('--profile <file>', 'connection profiles (default: .connections.json)')
    .option('--config <file>', 'try the profiles that this config uses')
    .addHelpText(
      'after',
      examples(
        'connections test',
        'connections test shop --profile .connections.json',
        'connections test --config configs/orders.yaml',
      ),
    )
    .action(async (keys: string[], options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { chooseProfiles, testConnections } = await import('../../ask/connections-test.js');
      const { applyDevEnvironment } = await import('../../../dev/environment/stack-environment.js');
      await applyDevEnvironment(root); // Where the stack's secrets are.
      const chosen = await chooseProfiles(keys, { ...options, root });
      const results = await testConnections(chosen, root);
      const failed = results.filter(({ ok }) => !ok).length;
      if (json) printJson({ profiles: chosen.file, results });
      else printResults(results);
      if (!json && failed > 0)
        note(`${counted(failed, 'connection')} of ${results.length} failed.`);
      if (failed > 0) process.exitCode = exitCodes.failed;
    });
}

function printResults(results: readonly TestedConnection[]): void {
  const lines = columns(
    results.map(({ key, type, ok, cause, seconds }) => [
      ok ? good('ok') : bad('FAILED'),
      key,
      type ?? '',
      ok ? `${seconds.toFixed(1)} s` : (cause ?? 'other').replaceAll('_', ' '),
    ]),
  );
  for (const [index, { ok, cause, message }] of results.entries()) {
    print(lines[index]);
    const about = ok ? [message] : [message, `next: ${nextStep(cause)}`];
    for (const text of about) if (text !== '') print(`  ${text.split('\n')[0] ?? ''}`);
  }
}

function nextStep(cause: TestedConnection['cause']): string {
  switch (cause) {
    case 'name_resolution':
      return 'check `host` for a misspelling, and that this machine can resolve it (a VPN?)';
    case 'refused':
      return 'check `port`, and that the server runs and listens on that address';
    case 'timeout':
      return 'check `host` and `port`, and whether a firewall lets this machine through';
    case 'authentication':
      return 'check `user` and `password`, and what the server allows from this machine';
    case 'no_such_database':
      return 'check `database`; the server knows the user but not this name';
    case 'other':
    case null:
      return 'correct the profile as the message says';
  }
}
