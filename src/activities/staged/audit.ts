import { isDeepStrictEqual } from 'node:util';
import { faultPoint } from '../../process/fault-point.js';
import type { Plan, PlannedSink } from '../../config/plan/plan-types.js';
import { failure } from '../../shared/failures.js';
import type { Manifest, ManifestStep } from '../../shared/run/manifest.js';
import type { Audit, PipelineActivities } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { readManifest } from './read-manifest.js';
import { readPlan } from '../plan/read-plan.js';
import { assertFooters } from './footers.js';
import { counted, number } from '../../shared/counts.js';

/**
 * Checks that the staged data adds up: the plan's sinks are all there, each file's own footer says
 * what the manifest says, sinks in the job wrote what came to them, and row-wise steps lost nothing. Nothing but
 * footers is read.
 */
export function createAudit(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'objects'>,
): PipelineActivities['audit'] {
  return async (run, staged) => {
    const plan = await readPlan(deps, run);
    const { manifest } = await readManifest(deps, staged);
    if (manifest.run_key !== run.runKey || manifest.plan_sha256 !== run.planSha256) {
      throw failure('StagingDamaged', `${staged.manifestUri} belongs to another run or plan`);
    }
    if (!isDeepStrictEqual(manifest.windows, run.windows ?? {})) {
      throw failure(
        'StagingDamaged',
        `${staged.manifestUri} was read in other windows than this run's`,
      );
    }
    for (const [name, step] of Object.entries(manifest.steps)) assertRowsKept(name, step);
    const sinks: Audit['sinks'] = {};
    for (const { name } of plan.sinks) {
      const sink = manifest.sinks[name];
      if (!sink)
        throw failure('StagingDamaged', `nothing was staged for \`${name}\``, { step: name });
      await assertFooters(deps, staged, name, sink);
      sinks[name] = { rows: sink.rows, bytes: sink.bytes };
    }
    const written = writtenIn(plan, manifest);
    await faultPoint('worker:audited');
    const steps = Object.values(manifest.steps);
    return {
      steps: manifest.steps,
      sinks,
      ...(Object.keys(written).length === 0 ? {} : { written }),
      rowsRead: sum(
        steps.filter(({ kind }) => kind === 'source'),
        ({ rows_out }) => rows_out,
      ),
      rowsStaged: stagedOnce(plan.sinks, sinks),
      rowsRejected: sum(steps, ({ rows_rejected }) => rows_rejected),
    };
  };
}

/** A sink in the job has nothing staged: every row that came to it is one that it wrote. */
function writtenIn({ job_sinks = [] }: Plan, manifest: Manifest): NonNullable<Audit['written']> {
  const found: NonNullable<Audit['written']> = {};
  for (const { name, input } of job_sinks) {
    const sink = manifest.written?.[name];
    const cameIn = manifest.steps[input]?.rows_out;
    if (sink === undefined || cameIn === undefined) {
      throw failure('StagingDamaged', `nobody counted what \`${name}\` wrote`, { step: name });
    }
    const { rows, bytes, idempotence, module } = sink;
    if (rows !== cameIn) {
      throw failure(
        'AuditFailed',
        `${name}: ${counted(cameIn, 'row')} came in, and module \`${module}\` says that it wrote ${number(rows)}. ` +
          `They stay where they were written; a run that is started again writes them again (${idempotence})`,
        { step: name },
      );
    }
    found[name] = { rows, bytes, idempotence };
  }
  return found;
}

/** Rows that several sinks take are staged for each of them, and counted once. */
function stagedOnce(planned: readonly PlannedSink[], staged: Audit['sinks']): number {
  const byInput = new Map(planned.map(({ input, name }) => [input, staged[name]?.rows ?? 0]));
  return sum([...byInput.values()], (rows) => rows);
}

function assertRowsKept(name: string, step: ManifestStep): void {
  if (!step.row_wise || step.rows_in === step.rows_out + step.rows_rejected) return;
  const cameIn = step.rows_in === null ? 'nobody counted what' : counted(step.rows_in, 'row');
  throw failure(
    'StagingDamaged',
    `${name}: ${cameIn} came in, ${number(step.rows_out)} went out and ` +
      `${number(step.rows_rejected)} were rejected: that does not add up`,
    { step: name },
  );
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
