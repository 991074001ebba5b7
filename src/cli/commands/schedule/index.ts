import type { Command } from 'commander';
import { register as apply } from './apply.js';
import { register as backfill } from './backfill.js';
import { register as remove } from './delete.js';
import { register as list } from './list.js';
import { register as pause } from './pause.js';
import { register as plan } from './plan.js';
import { register as resume } from './resume.js';
import { register as trigger } from './trigger.js';

/** `beamline schedule …`: runs that start by themselves. */
export function register(program: Command): void {
  const schedule = program
    .command('schedule')
    .description(
      'runs that start by themselves, as the configs say: `schedule plan` shows what would change',
    );
  for (const command of [plan, apply, list, pause, resume, trigger, backfill, remove]) {
    command(schedule);
  }
}
