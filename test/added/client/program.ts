/** What a program outside of this clone writes: compiled by a test against the package, and run. */
import {
  Beamline,
  ConfigProblems,
  createRunRequest,
  failureTypes,
  findStoredReceipt,
  RunFailed,
  type Applied,
  type CurrentSchedule,
  type FailureType,
  type Outcome,
  type Receipt,
  type Run,
  type RunRequest,
  type RunSnapshot,
  type RunSummary,
  type SchedulePlan,
  type SeenState,
  type Waits,
} from 'beamline-client';

/** Fails to compile where the two are not the same type. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => undefined;

same<Awaited<ReturnType<Beamline['run']>>, Run>(true);
same<Awaited<ReturnType<Beamline['list']>>, RunSummary[]>(true);
same<Awaited<ReturnType<Beamline['receiptOf']>>, Receipt | null>(true);
same<Awaited<ReturnType<Beamline['waitsOf']>>, Waits>(true);
same<Awaited<ReturnType<Run['result']>>, Receipt>(true);
same<Awaited<ReturnType<Run['status']>>, RunSnapshot>(true);
same<Awaited<ReturnType<typeof findStoredReceipt>>, Receipt | null>(true);
same<Awaited<ReturnType<typeof createRunRequest>>, RunRequest>(true);
same<RunSnapshot['state'], SeenState>(true);
same<Receipt['outcome'], Outcome>(true);
same<keyof typeof failureTypes, FailureType>(true);

const [root = '.', address = '', taskQueue = ''] = process.argv.slice(2);
const beamline = await Beamline.connect({ root, address, taskQueue });

export async function neverCalled(): Promise<CurrentSchedule[]> {
  // @ts-expect-error A run is started, not made.
  const { Run: none } = await import('beamline-client');
  // @ts-expect-error It is the path of a file.
  await beamline.run(1, none);
  // @ts-expect-error No such option.
  await beamline.run('a.yaml', { parameters: {} });
  // @ts-expect-error Temporal is this client's own affair.
  beamline.client.workflow;
  const schedules = await beamline.schedules();
  const plan: SchedulePlan = await schedules.plan(['orders.yaml']);
  const applied: Applied[] = await schedules.apply(plan, { reason: 'a test' });
  for (const { change, failure } of applied) console.log(change.kind, failure?.message);
  return schedules.list();
}

try {
  await beamline.run('wrong.yaml');
} catch (error) {
  if (!(error instanceof ConfigProblems)) throw error;
  console.log(error.problems.map(({ line, message }) => `${line} ${message}`).join('\n'));
}
const run = await beamline.run('orders.yaml');
const states = new Set<SeenState>();
for await (const { state } of run.progress()) states.add(state);
try {
  const receipt = await run.result();
  console.log(JSON.stringify([[...states].at(-1), receipt.outcome, receipt.rows_read]));
} catch (error) {
  if (!(error instanceof RunFailed)) throw error;
  console.error(error.type, error.step, error.message);
  process.exitCode = 1;
}
await beamline.close();
