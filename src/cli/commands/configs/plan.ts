import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ConfigPath } from '../../../config/values/config-path.js';
import type { BuiltPlan, LoadedConfig } from '../../../config/index.js';
import type { PlannedSink, PlannedSource } from '../../../config/plan/plan-types.js';
import type { DataflowTarget } from '../../../shared/run/job.js';
import type { RunPipelineInput } from '../../../shared/run/run-input.js';
import { optionsOf } from '../../../runners/registry.js';
import { examples } from '../../terminal/examples.js';
import { aloneLines } from '../../lines/alone-lines.js';
import { argOption, profileOption } from '../../options/args-option.js';
import type { AskedColumns, StepRefused } from '../../ask/ask-columns.js';
import { clipped } from '../../terminal/format.js';
import { globalsOf } from '../../options/globals.js';
import { launchOf, launchOptions, noteUnused, runnerOption } from '../../options/launch-options.js';
import { launchLines } from '../../lines/launch-lines.js';
import { columns } from '../../../text/columns.js';
import { endOnceWritten, note, print, printJson } from '../../terminal/output.js';
import { givenOptions, optionWords } from '../../options/option-words.js';
import { runOptions } from '../../options/run-options.js';
import { commandOf, shellCommand } from '../../terminal/shell-command.js';

interface Asked extends AskedColumns {
  /** Why a sink was not compared with what is there, by its name. */
  uncompared: Record<string, string>;
}

interface Options {
  arg: Record<string, string>;
  profile?: string;
  runner?: string;
  offline?: boolean;
}

/** `beamline plan FILE`: what a run would read and write, and how its job would be launched. */
export function register(program: Command): void {
  const plan = program
    .command('plan')
    .description('show what a run of a config would read and write')
    .argument('<file>', 'a config, YAML or JSON')
    .addOption(argOption())
    .addOption(profileOption())
    .addOption(runnerOption())
    .option(
      '--offline',
      'ask neither sources and destinations for their columns nor Dataflow for the launch',
    )
    .addHelpText(
      'after',
      examples(
        'plan configs/orders.yaml --arg day=2026-01-31',
        'plan configs/orders.yaml --runner dataflow',
        'plan configs/orders.yaml --offline',
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { loaded, built, storeId } = await build(file, options, root);
      const { target, runner } = await placeFor(file, { loaded, built, root }, options);
      noteUnused(runner, options);
      if (!json) printPlan(built, { file, root });
      if (!json && target !== null) for (const line of launchLines(target)) print(line);
      if (options.offline !== true) {
        const { applyDevEnvironment } =
          await import('../../../dev/environment/stack-environment.js');
        await applyDevEnvironment(root);
      }
      const alone = target !== null;
      const asked =
        options.offline === true ? null : await askAll(loaded, built, { root, alone, storeId });
      if (!json && asked !== null) printColumns(built, asked);
      if (!json && target !== null) {
        for (const line of aloneLines(asked?.alone ?? {}, target.launch)) print(line);
      }
      const isAsked = target !== null && options.offline !== true;
      if (isAsked) {
        const { askLaunch } = await import('../../ask/ask-launch.js');
        const offline = { ...givenOptions(command), offline: true };
        const unasked = commandOf('plan', file, ...optionWords(command.options, offline));
        await askLaunch({ runner, target }, built, unasked);
      }
      if (json) {
        const found = {
          columns: asked?.steps ?? null,
          ...(alone && { alone: asked?.alone ?? null }),
        };
        printJson({ ...documentOf(built, target, isAsked), ...found });
      } else {
        for (const [source, reason] of Object.entries(asked?.unreached ?? {})) {
          note(`What needs the columns of ${source} was not checked: ${reason}`);
        }
        for (const [sink, reason] of Object.entries(asked?.uncompared ?? {})) {
          note(`Sink ${sink} was not compared with what is there: ${reason}`);
        }
        const isWhole = isEmpty(asked?.unreached) && isEmpty(asked?.uncompared);
        if (!isWhole && (await isStackStopped(root))) {
          note(
            `The local stack of this folder does not run; if it is meant: ${shellCommand('dev')}`,
          );
        }
        if (isAsked) note('Dataflow would take this launch.');
        const run = ['run', file, ...optionWords(runOptions(), givenOptions(command))];
        print(`Nothing was read or written. Run it with: ${commandOf(...run)}`);
      }
      // A client may try for half a minute to find credentials.
      if (!isEmpty(asked?.uncompared)) endOnceWritten();
    });
  for (const option of launchOptions()) plan.addOption(option);
}

async function build(
  file: string,
  { arg, profile }: Options,
  root: string,
): Promise<{ loaded: LoadedConfig; built: BuiltPlan; storeId: string }> {
  const { buildPlan, loadConfig } = await import('../../../config/index.js');
  const { openLocalStore } = await import('../../../store/local-store.js');
  const store = await openLocalStore(join(root, '.beamline', 'store'));
  const loaded = loadConfig(resolve(file), { root, file });
  const built = await buildPlan(loaded, {
    root,
    args: arg,
    profile: profile === undefined ? undefined : resolve(profile),
    store: store.id,
  });
  const { assertPathsAllowed } = await import('../../../client/run-request.js');
  await assertPathsAllowed(loaded, built, root);
  return { loaded, built, storeId: store.id };
}

async function placeFor(
  file: string,
  config: { loaded: LoadedConfig; built: BuiltPlan; root: string },
  options: Options,
): Promise<{ runner: string; target: DataflowTarget | null }> {
  const launch = launchOf({ ...options });
  const input: RunPipelineInput = {
    config: file,
    ...(options.runner !== undefined && { runner: options.runner }),
    ...(launch !== undefined && { launch }),
  };
  const { runPlaceOf } = await import('../../../client/run-request.js');
  const { temporalAddress } = await import('../../../client/server/connection.js');
  const namespace = temporalAddress(config.root).namespace ?? 'default';
  const { runner, target } = await runPlaceOf(input, { ...config, namespace });
  // What is shown of it is Dataflow's.
  return { runner, target: optionsOf(runner).hasService ? (target as DataflowTarget) : null };
}

async function askAll(
  loaded: LoadedConfig,
  built: BuiltPlan,
  options: { root: string; alone: boolean; storeId: string },
): Promise<Asked> {
  const { askColumns, StepRefused: Refused } = await import('../../ask/ask-columns.js');
  const { columnProblems, ConfigProblems } = await import('../../../config/index.js');
  const asked = await askColumns(built, options).catch((error: unknown) => {
    const place = error instanceof Refused ? placeIn(built.plan, error) : undefined;
    if (place === undefined) throw error;
    throw new ConfigProblems([loaded.problem(place.path, place.message)]);
  });
  const problems = await columnProblems(loaded, built.plan, asked.steps);
  if (problems.length > 0) throw new ConfigProblems(problems);
  const { checkDestinations } = await import('../../../config/plan/check-destinations.js');
  const checked = await checkDestinations(loaded, built.plan, asked.steps, options);
  if (checked.problems.length > 0) throw new ConfigProblems(checked.problems);
  return { ...asked, uncompared: checked.unreached };
}

/** Where a config says what a refused step does: its query or its SQL, else the step; and what is wrong there. */
function placeIn(
  plan: BuiltPlan['plan'],
  { step, message }: StepRefused,
): { path: ConfigPath; message: string } | undefined {
  for (const kind of ['source', 'transform'] as const) {
    const steps = plan[`${kind}s`];
    const index = steps.findIndex(({ name }) => name === step);
    const found = steps[index];
    if (found === undefined) continue;
    const said = ['query', 'sql', 'table', 'path'].find((name) => name in found.parameters);
    const named = `${kind} ${found.name}`;
    return {
      path: [`${kind}s`, index, ...(said === undefined ? [] : ['parameters', said])],
      message: message.startsWith(named) ? message : `${named}: ${message}`,
    };
  }
  return undefined;
}

function isEmpty(reasons: Record<string, string> = {}): boolean {
  return Object.keys(reasons).length === 0;
}

/** Whether a local stack ran in this folder, and does not now. */
async function isStackStopped(root: string): Promise<boolean> {
  const { readStackRecord, stateOf } = await import('../../../dev/environment/stack-record.js');
  return existsSync(join(stateOf(root), 'logs')) && (await readStackRecord(root)) === null;
}

/** What each sink gets. */
function printColumns({ plan }: BuiltPlan, { steps }: AskedColumns): void {
  const known = [...plan.sinks, ...(plan.job_sinks ?? [])].flatMap(({ name, input }) => {
    const found = steps[input]?.map((column) => `${column.name} ${column.type}`).join(', ');
    return found === undefined ? [] : [[name, 'gets', found]];
  });
  for (const line of columns(known)) print(`  ${line}`);
  if (known.length > 0) print();
}

function documentOf(
  { plan, sha256, destinations, args, profiles }: BuiltPlan,
  dataflow: DataflowTarget | null,
  validated: boolean,
): object {
  const target = dataflow === null ? {} : { dataflow: { ...dataflow, validated } };
  return { plan, sha256, destinations, args, profiles, ...target };
}

function printPlan(built: BuiltPlan, { file, root }: { file: string; root: string }): void {
  const { plan, args, destinations, profiles, sha256 } = built;
  const values = Object.entries(args).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  print(`plan ${plan.name}  ${file}  sha256 ${sha256}`);
  if (values.length > 0) print(`  args      ${values.join(', ')}`);
  if (profiles !== null) print(`  profiles  ${relative(root, profiles)}`);
  print();
  const rows = [
    ...plan.sources.map((step) => [
      'source',
      step.name,
      step.module,
      `reads ${short(step.parameters)}${windowWords(step)}`,
    ]),
    ...plan.transforms.map((step) => [
      'transform',
      step.name,
      step.module,
      `of ${step.inputs.join(', ')}: ${short(step.parameters)}`,
    ]),
    ...plan.sinks.map((step, index) => [
      'sink',
      step.name,
      step.module,
      `${modeWords(step)} ${destinations[index]?.location ?? ''} with ${step.input}; no rows: ${step.on_empty}`,
    ]),
    ...(plan.job_sinks ?? []).map((step) => [
      'sink',
      step.name,
      step.module,
      `writes ${step.input} while the job runs (${step.idempotence}): ${short(step.parameters)}`,
    ]),
  ];
  for (const line of columns(rows)) print(`  ${line}`);
  print();
}

/** ` · in windows of `day`, from where the last one ended`. */
function windowWords({ incremental }: PlannedSource): string {
  if (incremental === undefined) return '';
  const { column, from } = incremental;
  const begin =
    typeof from === 'string'
      ? 'from where the last one ended'
      : `from ${from.count} ${from.unit} before the run`;
  return ` · in windows of \`${column}\`, ${begin}`;
}

function modeWords({ mode, merge }: PlannedSink): string {
  return merge === undefined ? mode : `merge by ${merge.keys.join(', ')} into`;
}

/** Parameters in one line; the plan holds no secret. */
function short(parameters: Record<string, unknown>): string {
  const parts = Object.entries(parameters).map(([name, value]) => {
    const text =
      typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : JSON.stringify(value);
    return `${name} ${clipped(text, 60)}`;
  });
  return parts.join(' · ');
}
