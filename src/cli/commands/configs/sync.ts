import type { Command } from 'commander';
import type { SyncChange, SyncKind, SyncResult } from '../../../sync/sync.js';
import type { LeftOut } from '../../../sync/mirrored-files.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { note, print, printJson } from '../../terminal/output.js';
import { counted } from '../../../shared/counts.js';

interface Options {
  store?: string;
  delete?: boolean;
  dryRun?: boolean;
  exitCode?: boolean;
}

/** `beamline sync`: mirrors the project's configs and SQL to its store in Cloud Storage. */
export function register(program: Command): void {
  program
    .command('sync')
    .description('mirror configs/, examples/ and their SQL files to the store in Cloud Storage')
    .option('--store <uri>', 'gs://bucket/prefix; default: `store` of beamline.yaml')
    .option('--delete', 'delete what was uploaded before and is gone here')
    .option('--dry-run', 'only say what would change')
    .option('--exit-code', 'with --dry-run: exit with 5 if something would change')
    .addHelpText(
      'after',
      examples('sync --dry-run', 'sync --delete', 'sync --store gs://my-bucket/beamline'),
    )
    .action(async (options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { applyDevEnvironment } = await import('../../../dev/environment/stack-environment.js');
      await applyDevEnvironment(root);
      const { store, owner } = await targetOf(root, options);
      const emulator = process.env['STORAGE_EMULATOR_HOST'];
      if (emulator) note(`note: ${store} is in the storage emulator at ${emulator}`);
      const dryRun = options.dryRun === true;
      const { mirroredFiles } = await import('../../../sync/mirrored-files.js');
      const { sync } = await import('../../../sync/sync.js');
      const { openObjectStore } = await import('../../../gateways/open-object-store.js');
      const { objectPaths } = await import('../../../store/object-store.js');
      const { files, leftOut } = await mirroredFiles(root);
      const remove = options.delete === true;
      const asked = { root, store, owner, files, remove, dryRun };
      const result = await sync(await openObjectStore(), asked).catch((error: unknown) => {
        throw asCliError(error);
      });
      const mirror = objectPaths.mirror(store);
      const { changes, unchanged } = result;
      if (json) printJson({ mirror, dry_run: dryRun, changes, unchanged, left_out: leftOut });
      else printResult(result, leftOut, { mirror, dryRun });
      process.exitCode = exitCodeOf(changes, options);
    });
}

/** Where the mirror is, and whose: the option, else beamline.yaml. */
async function targetOf(root: string, given: Options): Promise<{ store: string; owner: string }> {
  const { loadSettings } = await import('../../../config/settings/settings.js');
  const settings = loadSettings(root);
  const store = given.store ?? settings.store;
  if (store === undefined) {
    throw new CliError('no store is known to mirror to', {
      exitCode: exitCodes.badInput,
      hint: 'Set `store` in beamline.yaml, such as `gs://my-bucket/beamline`, or give --store.',
    });
  }
  if (!/^gs:\/\/[^/]+(\/[^/]+)*\/?$/.test(store)) {
    throw new CliError(`\`--store\` must be like gs://bucket/prefix, got \`${store}\``, {
      exitCode: exitCodes.badInput,
    });
  }
  return { store: store.replace(/\/$/, ''), owner: settings.deployment ?? 'beamline' };
}

/** By name: the classes belong to modules that are loaded only when they are needed. */
function asCliError(error: unknown): unknown {
  const { type, message } = error as { type?: unknown; message: string };
  switch (type) {
    case 'ConnectionLost':
      return new CliError(message, {
        exitCode: exitCodes.unreachable,
        hint: 'Nothing was half-written; run it again to finish.',
        cause: error,
      });
    case 'ObjectStoreRefused':
    case 'PermissionDenied':
      return new CliError(message, { exitCode: exitCodes.failed, cause: error });
    default:
      return error;
  }
}

function exitCodeOf(changes: readonly SyncChange[], { exitCode, dryRun }: Options): number {
  const isKind = (...kinds: SyncKind[]): boolean =>
    changes.some(({ kind }) => kinds.includes(kind));
  if (isKind('foreign', 'conflict')) return exitCodes.failed;
  const isPending = dryRun === true && isKind('create', 'update', 'delete');
  return exitCode === true && isPending ? exitCodes.changesPending : exitCodes.done;
}

const signs: Record<SyncKind, [sign: string, words: string]> = {
  create: ['+', 'create'],
  update: ['~', 'update'],
  delete: ['-', 'delete'],
  stale: ['=', 'gone here; kept there without --delete'],
  foreign: ['!', 'not uploaded by this project; left alone'],
  conflict: ['!', 'changed meanwhile; run sync again'],
};

function printResult(
  { changes, unchanged }: SyncResult,
  leftOut: readonly LeftOut[],
  { mirror, dryRun }: { mirror: string; dryRun: boolean },
): void {
  const rows = changes.map(({ path, kind }) => {
    const [sign, words] = signs[kind];
    return [sign, path, words];
  });
  rows.push(...leftOut.map(({ path, why }) => ['!', path, `left out: ${why}`]));
  for (const line of columns(rows)) print(line);
  const made = changes.filter(({ kind }) => ['create', 'update', 'delete'].includes(kind)).length;
  const what = counted(made, 'change');
  print(`${dryRun ? `${what} to make` : `${what} made`} in ${mirror}, ${unchanged} unchanged.`);
}
