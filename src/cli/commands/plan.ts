import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BuiltPlan } from '../../config/index.js';
import { argOption, profileOption } from '../args-option.js';
import { globalsOf } from '../globals.js';
import { columns, print, printJson } from '../output.js';
import { shellCommand } from '../shell-command.js';

/** `beamline plan FILE`: what a run would read and write, without a server. */
export function register(program: Command): void {
  program
    .command('plan')
    .description('show what a run of a config would read and write')
    .argument('<file>', 'a config, YAML or JSON')
    .addOption(argOption())
    .addOption(profileOption())
    .action(
      async (
        file: string,
        { arg, profile }: { arg: Record<string, string>; profile?: string },
        command: Command,
      ) => {
        const { json, root } = globalsOf(command);
        const { buildPlan, loadConfig } = await import('../../config/index.js');
        const { openLocalStore } = await import('../../store/local-store.js');
        // The id of the store is part of a local destination's name, and so of the plan's hash.
        const store = await openLocalStore(join(root, '.beamline', 'store'));
        const built = await buildPlan(loadConfig(resolve(file), { root, file }), {
          root,
          args: arg,
          profile: profile === undefined ? undefined : resolve(profile),
          store: store.id,
        });
        if (json) printJson(documentOf(built));
        else printPlan(built, { file, root });
      },
    );
}

function documentOf({ plan, sha256, destinations, args, profiles }: BuiltPlan): unknown {
  return { plan, sha256, destinations, args, profiles };
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
      `reads ${short(step.parameters)}`,
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
      `${step.mode} ${destinations[index]?.location ?? ''} with ${step.input}; no rows: ${step.on_empty}`,
    ]),
  ];
  for (const line of columns(rows)) print(`  ${line}`);
  print();
  print(`Nothing was read or written. Run it with: ${shellCommand(`run ${file}`)}`);
}

/** Parameters in one line; the plan holds no secret. */
function short(parameters: Record<string, unknown>): string {
  const parts = Object.entries(parameters).map(([name, value]) => {
    const text =
      typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : JSON.stringify(value);
    return `${name} ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`;
  });
  return parts.join(' · ');
}
