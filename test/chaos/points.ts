/**
 * Every named step boundary that a run on Dataflow can come to (`faultPoint` in `src`, `fault_point`
 * in `beam-pipeline`), in order; the process that is hit is the name's prefix.
 */
export const points = [
  // The short form keeps no spares: two cores would do little else.
  ...(process.env['BEAMLINE_SPARES'] === '0' ? [] : ['publisher:spare-ready', 'beam:spare-ready']),
  'worker:prepared',
  'publisher:inspect:opened',
  'publisher:inspect:done',
  'worker:before-upload',
  'worker:inputs-uploaded',
  'worker:before-launch',
  'emulator:before-launch',
  'emulator:launched',
  'worker:launched',
  'worker:name-taken',
  'worker:before-find',
  'emulator:child-started',
  'beam:started',
  'beam:staging',
  'beam:before-manifest',
  'beam:after-manifest',
  'gateway:before-signal',
  'gateway:signalled',
  'emulator:event-taken',
  'worker:before-read',
  'worker:job-read',
  'worker:before-stop',
  'emulator:updated',
  'worker:stop-asked',
  'worker:before-find-staged',
  'worker:staged-found',
  'worker:before-report',
  'worker:job-reported',
  'worker:fetched',
  'worker:audited',
  'worker:before-publish',
  'publisher:publish:opened',
  'publisher:before-commit',
  'publisher:publish:done',
  'publisher:files:data-written',
  'publisher:files:renamed',
  'publisher:files:recorded',
  'publisher:files:before-swap',
  'publisher:files:swapped',
  'publisher:files:shown',
  'worker:after-publish',
  'worker:before-finish',
  'worker:run-closed',
  'worker:receipt-kept',
  'worker:bucket-cleaned',
] as const;

/**
 * Those beside them that a run comes to which reads in windows, publishes to a database, or runs on its
 * worker's host.
 */
export const windowPoints = [
  'publisher:position:opened',
  'publisher:position:done',
  'worker:probed',
  'worker:before-beam',
  'worker:beam-finished',
  'publisher:duckdb:deleted',
  'publisher:bigquery:staged',
  'publisher:bigquery:table-made',
  'publisher:bigquery:job-inserted',
  'publisher:bigquery:committed',
] as const;
