import type { JobCause } from '../../src/shared/run/job.js';

/** What a job said, the oldest first, and what is to be made of it. */
export interface CorpusCase {
  name: string;
  errors?: readonly string[];
  warnings?: readonly string[];
  log?: string;
  cause: JobCause;
  /** In the failure's message. */
  says: RegExp;
  step?: string;
  retryHelps?: boolean;
}

/** A worker's traceback as Dataflow shows it. */
export function traceback(last: string, step = 'orders/ParDo(ReadRange)-ptransform-42'): string {
  return [
    'Error message from worker: generic::unknown: Traceback (most recent call last):',
    '  File "apache_beam/runners/common.py", line 1498, in apache_beam.runners.common.DoFnRunner.process',
    '  File "/app/read.py", line 12, in process',
    '    raise PermissionError("permission denied for table secrets")  # out of memory',
    `${last} [while running '${step}']`,
    '',
  ].join('\n');
}

const chained = [
  'Error message from worker: Traceback (most recent call last):',
  '  File "/app/postgres.py", line 88, in connect',
  '    connection = dbapi.connect(uri)',
  'adbc_driver_manager.OperationalError: IO: [libpq] Failed to connect: FATAL:  password authentication failed for user "etl"',
  '',
  'The above exception was the direct cause of the following exception:',
  '',
  'Traceback (most recent call last):',
  '  File "apache_beam/runners/common.py", line 1498, in process',
  'beam_pipeline.errors.AuthenticationError: the server refuses user "etl": check the profile prod',
  '',
  'During handling of the above exception, another exception occurred:',
  '',
  'Traceback (most recent call last):',
  '  File "/usr/local/lib/python3.11/site-packages/apache_beam/runners/worker/sdk_worker.py", line 313, in _execute',
  '    response = task()',
  'RuntimeError: beam_pipeline.errors.AuthenticationError: the server refuses user "etl": check the profile prod [while running \'orders-ptransform-7\']',
].join('\n');

const failedFourTimes =
  'Workflow failed. Causes: S08:orders/Impulse+orders/ParDo failed., The job failed because a work item has failed 4 times. Look in previous log entries for the cause of each one of the 4 failures. For more information, see https://cloud.google.com/dataflow/docs/guides/common-errors. The work item was attempted on these workers: \n  orders-1-11250301-harness-mk83\n      Root cause: Work item failed.,\n  orders-1-11250301-harness-zhv4\n      Root cause: Work item failed.';
const lostContact = failedFourTimes.replaceAll(
  'Work item failed',
  'The worker lost contact with the service',
);
const poolStopped = 'Worker pool stopped.';

export const corpus: readonly CorpusCase[] = [
  // Permissions
  {
    name: 'the launching account may not use the worker account',
    errors: [
      'Workflow failed. Causes: Current user cannot act as service account etl@p.iam.gserviceaccount.com. Enforced by Org Policy constraint',
    ],
    cause: 'permission',
    says: /cannot act as service account/,
    retryHelps: false,
  },
  {
    name: 'an object may not be read',
    errors: [
      "etl@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist).",
    ],
    cause: 'permission',
    says: /storage\.objects\.get/,
  },
  {
    name: 'no role to create a job',
    errors: [
      "PERMISSION_DENIED: (f00dfeedf00dfeed): Could not create workflow; user does not have write access to project: p Causes: (f00dfeedf00dfeed): Permission 'dataflow.jobs.create' denied on project: 'p'",
    ],
    cause: 'permission',
    says: /dataflow\.jobs\.create/,
  },
  {
    name: 'no right to use a shared subnetwork',
    errors: [
      "Workflow failed. Causes: Error: Message: Required 'compute.subnetworks.get' permission for 'projects/host/regions/europe-west1/subnetworks/etl' HTTP Code: 403",
    ],
    cause: 'permission',
    says: /compute\.subnetworks\.get/,
  },
  {
    name: 'an API that is not enabled',
    errors: [
      'Some Cloud APIs need to be enabled for your project in order for Cloud Dataflow to run this job.',
    ],
    cause: 'permission',
    says: /need to be enabled/,
  },
  {
    name: 'a table that the user may not read',
    errors: [traceback('psycopg.errors.InsufficientPrivilege: permission denied for table orders')],
    cause: 'permission',
    says: /permission denied for table orders/,
    step: 'orders',
  },
  {
    name: 'MySQL: a command that is denied',
    errors: [
      traceback(
        "MySQLdb.OperationalError: (1142, \"SELECT command denied to user 'etl'@'10.1.2.3' for table 'orders'\")",
      ),
    ],
    cause: 'permission',
    says: /SELECT command denied/,
  },
  {
    name: 'a client library that is refused',
    errors: [
      traceback(
        'google.api_core.exceptions.PermissionDenied: 403 Permission denied on resource project p.',
      ),
    ],
    cause: 'permission',
    says: /403 Permission denied/,
  },
  {
    name: 'our own PermissionDenied',
    errors: [
      traceback('beam_pipeline.errors.PermissionDenied: gs://b/x: this process may not read it'),
    ],
    cause: 'permission',
    says: /may not read it/,
    step: 'orders',
  },
  // Images
  {
    name: 'an image that does not exist',
    errors: [
      'Error syncing pod 6a7b8c, skipping: failed to "StartContainer" for "sdk-0-0" with ErrImagePull: "rpc error: code = NotFound desc = failed to pull and unpack image"',
    ],
    cause: 'image_pull',
    says: /ErrImagePull/,
    retryHelps: false,
  },
  {
    name: 'a back-off after failed pulls',
    errors: [
      'Error syncing pod 6a7b8c, skipping: failed to "StartContainer" for "sdk-0-0" with ImagePullBackOff: "Back-off pulling image \\"europe-docker.pkg.dev/p/r/worker:1\\""',
    ],
    cause: 'image_pull',
    says: /ImagePullBackOff/,
  },
  {
    name: 'a repository that may not be read is no general permission',
    errors: [
      'Failed to pull image "europe-docker.pkg.dev/p/r/worker:1": denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/p/locations/europe/repositories/r" (or it may not exist)',
    ],
    cause: 'image_pull',
    says: /downloadArtifacts/,
  },
  {
    name: 'a manifest that is unknown',
    errors: ['manifest for europe-docker.pkg.dev/p/r/worker:2 not found: manifest unknown'],
    cause: 'image_pull',
    says: /manifest/,
  },
  {
    name: 'a container that crashes again and again',
    errors: ['Error syncing pod 6a7b8c, skipping: CrashLoopBackOff restarting failed container'],
    cause: 'image_pull',
    says: /Error syncing pod/,
  },
  // Memory
  {
    name: 'the kernel killed the SDK process',
    errors: ['Out of memory: Killed process 3178 (python) total-vm:8543420kB, anon-rss:7322012kB'],
    cause: 'out_of_memory',
    says: /Killed process 3178/,
    retryHelps: false,
  },
  {
    name: 'Python had no memory',
    errors: [traceback('MemoryError: ')],
    cause: 'out_of_memory',
    says: /MemoryError/,
    step: 'orders',
  },
  {
    name: 'DuckDB had no memory',
    errors: [
      traceback(
        'duckdb.OutOfMemoryException: Out of Memory Error: failed to allocate data of size 16.0 MiB',
      ),
    ],
    cause: 'out_of_memory',
    says: /failed to allocate/,
  },
  {
    name: 'workers that were lost without a word',
    errors: [lostContact, poolStopped],
    cause: 'out_of_memory',
    says: /lost contact|work item/,
    retryHelps: true,
  },
  {
    name: 'SDK processes that went away',
    errors: [
      'Error message from worker: Data channel closed, unable to receive additional data from SDK sdk-0-1',
      'SDK harness sdk-0-0 disconnected.',
    ],
    cause: 'out_of_memory',
    says: /disconnected/,
  },
  {
    name: 'the kernel says more than the workers that were lost after it',
    errors: ['Out of memory: Killed process 99 (python)', lostContact, poolStopped],
    cause: 'out_of_memory',
    says: /Killed process 99/,
    retryHelps: false,
  },
  // Quota
  {
    name: 'a zone without machines',
    errors: [
      "Startup of the worker pool in zone europe-west1-c failed to bring up any of the desired 1 workers. Please refer to https://cloud.google.com/dataflow/docs/guides/common-errors#worker-pool-failure for help troubleshooting. ZONE_RESOURCE_POOL_EXHAUSTED: Instance creation failed: The zone 'projects/p/zones/europe-west1-c' does not have enough resources available to fulfill the request.",
    ],
    cause: 'quota',
    says: /ZONE_RESOURCE_POOL_EXHAUSTED|worker pool/,
    retryHelps: true,
  },
  {
    name: 'a launcher without a machine',
    errors: [
      "Failed to start the VM, launcher-2025032012053810, used for launching because of status code: RESOURCE_EXHAUSTED, reason: One or more operations had an error: [ZONE_RESOURCE_POOL_EXHAUSTED] 'The zone 'projects/p/zones/us-central1-f' does not have enough resources available to fulfill the request.'",
    ],
    cause: 'quota',
    says: /launcher-2025032012053810/,
  },
  {
    name: 'a quota that is used up',
    errors: [
      'Workflow failed. Causes: Project p has insufficient quota(s) to execute this workflow with 10 instances in region us-central1. Quota summary (required/available): 10/7 instances, 20/4 CPUs',
    ],
    cause: 'quota',
    says: /insufficient quota/,
  },
  {
    name: 'a named quota',
    errors: [
      "Startup of the worker pool in zone us-east1-d failed to bring up any of the desired 4 workers. QUOTA_EXCEEDED: Instance creation failed: Quota 'CPUS_ALL_REGIONS' exceeded. Limit: 32.0 globally.",
    ],
    cause: 'quota',
    says: /us-east1-d/,
  },
  {
    name: 'a subnetwork without addresses',
    errors: [
      "Startup of the worker pool in zone us-east1-d failed to bring up any of the desired 4 workers. IP_SPACE_EXHAUSTED: IP space of 'projects/p/regions/us-east1/subnetworks/s' is exhausted.",
    ],
    cause: 'quota',
    says: /IP_SPACE_EXHAUSTED/,
  },
  {
    name: 'a worker pool that gives no reason',
    errors: [
      'Startup of the worker pool in zone us-central1-a failed to bring up any of the desired 1 workers. The project quota may have been exceeded or access control policies may be preventing the operation; review the Stackdriver Logging "GCE VM Instance" log for diagnostics',
      'Workflow failed. Causes: Internal Issue (ff80c197c8903cfc): 82159483:17',
    ],
    cause: 'quota',
    says: /failed to bring up any/,
  },
  {
    name: 'a full disk',
    errors: [traceback('OSError: [Errno 28] No space left on device')],
    cause: 'quota',
    says: /No space left/,
    step: 'orders',
  },
  {
    name: 'our own StorageFull',
    errors: [traceback('beam_pipeline.errors.StorageFull: /tmp: no space is left on the device')],
    cause: 'quota',
    says: /no space is left/,
  },
  // Network
  {
    name: 'a launcher on a network of custom mode',
    errors: [
      "Failed to start the VM, launcher-202006191438, used for launching because of status code: INVALID_ARGUMENT, reason: Error: Message: Invalid value for field 'resource.networkInterfaces[0]': '...'. Subnetwork should be specified for custom subnetmode network HTTP Code: 400.",
    ],
    cause: 'network',
    says: /launcher-202006191438/,
    retryHelps: false,
  },
  {
    name: 'a database that nobody reaches',
    errors: [
      traceback(
        'psycopg.OperationalError: could not connect to server: Connection timed out Is the server running on host "10.0.0.5" and accepting TCP/IP connections on port 5432?',
      ),
    ],
    cause: 'network',
    says: /could not connect to server/,
    retryHelps: true,
    step: 'orders',
  },
  {
    name: 'a name that is not resolved',
    errors: [traceback('socket.gaierror: [Errno -2] Name or service not known')],
    cause: 'network',
    says: /gaierror/,
  },
  {
    name: 'MySQL is not reached',
    errors: [
      traceback(
        "MySQLdb.OperationalError: (2003, \"Can't connect to MySQL server on '10.0.0.6' (110)\")",
      ),
    ],
    cause: 'network',
    says: /Can't connect to MySQL server/,
  },
  {
    name: 'our own ConnectionLost',
    errors: [traceback('beam_pipeline.errors.ConnectionLost: nothing answers at db:5432')],
    cause: 'network',
    says: /nothing answers/,
    retryHelps: true,
  },
  // Database login
  {
    name: 'PostgreSQL refuses the password',
    errors: [
      traceback(
        'adbc_driver_manager.OperationalError: IO: [libpq] Failed to connect: connection to server at "10.0.0.5", port 5432 failed: FATAL:  password authentication failed for user "etl"',
      ),
    ],
    cause: 'database_login',
    says: /password authentication failed for user "etl"/,
    retryHelps: false,
    step: 'orders',
  },
  {
    name: 'PostgreSQL has no entry for the host',
    errors: [
      traceback(
        'psycopg.OperationalError: FATAL:  no pg_hba.conf entry for host "10.128.0.9", user "etl", database "shop", no encryption',
      ),
    ],
    cause: 'database_login',
    says: /pg_hba/,
  },
  {
    name: 'a database that does not exist is no wrong SQL',
    errors: [traceback('psycopg.OperationalError: FATAL:  database "shopp" does not exist')],
    cause: 'database_login',
    says: /"shopp" does not exist/,
  },
  {
    name: 'MySQL refuses the password',
    errors: [
      traceback(
        "MySQLdb.OperationalError: (1045, \"Access denied for user 'etl'@'10.1.2.3' (using password: YES)\")",
      ),
    ],
    cause: 'database_login',
    says: /Access denied for user 'etl'/,
  },
  {
    name: 'a chain of exceptions',
    errors: [chained, failedFourTimes, poolStopped],
    cause: 'database_login',
    says: /^the server refuses user "etl"/,
    step: 'orders',
  },
  // Schema
  {
    name: 'our own DataError',
    errors: [
      traceback(
        'beam_pipeline.errors.DataError: orders: column total is decimal128(12, 2), 3 decimals came',
        '(beamline) count orders/ParDo(Meter)-ptransform-9',
      ),
    ],
    cause: 'schema_mismatch',
    says: /decimal128/,
    step: 'orders',
  },
  {
    name: 'Arrow cannot convert',
    errors: [
      traceback('pyarrow.lib.ArrowInvalid: Could not convert 12 with type str', 'lake/Write'),
    ],
    cause: 'schema_mismatch',
    says: /Could not convert/,
    step: 'lake',
  },
  {
    name: 'BigQuery has another schema',
    errors: [
      'Error message from worker: Provided Schema does not match Table p:d.orders. Field total has changed type from NUMERIC to STRING',
    ],
    cause: 'schema_mismatch',
    says: /does not match Table/,
  },
  // SQL
  {
    name: 'our own SqlError with its position',
    errors: [
      traceback(
        'beam_pipeline.errors.SqlError: line 3, column 8: column "totl" does not exist',
        'delays',
      ),
    ],
    cause: 'user_sql',
    says: /column "totl" does not exist/,
    step: 'delays',
    retryHelps: false,
  },
  {
    name: 'PostgreSQL does not understand',
    errors: [
      traceback(
        'psycopg.errors.SyntaxError: syntax error at or near "FORM"\nLINE 1: SELECT 1 FORM',
      ),
    ],
    cause: 'user_sql',
    says: /syntax error at or near "FORM"/,
  },
  {
    name: 'MySQL knows no such table',
    errors: [traceback("MySQLdb.ProgrammingError: (1146, \"Table 'shop.orderz' doesn't exist\")")],
    cause: 'user_sql',
    says: /shop\.orderz/,
  },
  {
    name: 'DuckDB binds no such column',
    errors: [traceback('duckdb.BinderException: Binder Error: Referenced column "x" not found')],
    cause: 'user_sql',
    says: /Binder Error/,
  },
  {
    name: 'a cause that stands behind the stage that failed',
    errors: [
      'Traceback (most recent call last):\n  File "x.py", line 1',
      'Workflow failed. Causes: S01:flights failed., no such column: x',
    ],
    cause: 'user_sql',
    says: /^no such column: x$/,
  },
  // Launcher
  {
    name: 'a launcher that says nothing',
    errors: ['Error occurred in the launcher container: Template launch failed. See console logs.'],
    cause: 'launcher',
    says: /launcher container/,
  },
  {
    name: 'a launcher whose console says why',
    errors: ['Error occurred in the launcher container: Template launch failed. See console logs.'],
    log: [
      'INFO:root:Executing: python /template/main.py',
      'Traceback (most recent call last):',
      '  File "/template/main.py", line 5, in <module>',
      "ModuleNotFoundError: No module named 'beam_pipeline'",
    ].join('\n'),
    cause: 'launcher',
    says: /No module named 'beam_pipeline'/,
    retryHelps: false,
  },
  {
    name: 'a launch that takes too long',
    errors: [
      'Timeout in polling result file: gs://b/staging/template_launches/1/operation_result. Possible causes are:\n1. Your launch takes too long time to finish. Please check the logs on stackdriver.\n2. Service account etl@p.iam.gserviceaccount.com may not have enough permissions to pull container image gcr.io/p/i or create new objects in gs://b.\n3. Transient errors occurred, please try again.',
    ],
    cause: 'launcher',
    says: /Timeout in polling result file/,
    retryHelps: true,
  },
  {
    name: 'a job file that cannot be read',
    errors: [
      'Failed to read the job file : gs://b/staging/template_launches/2/job_object with error message: (b728f225c9d413d5): Unable to open template file: gs://b/staging/template_launches/2/job_object..',
    ],
    cause: 'launcher',
    says: /Failed to read the job file/,
  },
  {
    name: 'our own ConfigError in the launcher',
    errors: [
      'beam_pipeline.errors.ConfigError: the profile prod is not in the profiles',
      'Error occurred in the launcher container: Template launch failed. See console logs.',
    ],
    cause: 'launcher',
    says: /the profile prod is not/,
    retryHelps: false,
  },
  // Unknown, several, none
  {
    name: 'an exception that no rule knows',
    errors: [traceback("KeyError: 'carrier'", 'delays/Map-ptransform-3'), failedFourTimes],
    cause: 'unknown',
    says: /^KeyError: 'carrier'$/,
    step: 'delays',
  },
  {
    name: 'a cause that is older than an exception nobody knows',
    errors: [
      traceback('beam_pipeline.errors.SqlError: no such table'),
      traceback('RuntimeError: the bundle was abandoned'),
      failedFourTimes,
    ],
    cause: 'user_sql',
    says: /no such table/,
  },
  {
    name: 'two causes: the newer',
    errors: [
      traceback('beam_pipeline.errors.ConnectionLost: nothing answers at db:5432'),
      traceback('beam_pipeline.errors.AuthenticationError: the server refuses user "etl"'),
    ],
    cause: 'database_login',
    says: /refuses user/,
  },
  {
    name: 'workers that did nothing',
    errors: [
      'Workflow failed. Causes: The Dataflow job appears to be stuck because no worker activity has been seen in the last 1h. Please check the worker logs in Stackdriver Logging.',
    ],
    cause: 'unknown',
    says: /no worker activity/,
  },
  { name: 'only noise', errors: [failedFourTimes, poolStopped], cause: 'unknown', says: /./ },
  { name: 'nothing at all', cause: 'unknown', says: /gives no error message/ },
  {
    name: 'warnings where there is no error',
    warnings: ['Out of memory: Killed process 7 (python)'],
    cause: 'out_of_memory',
    says: /Killed process 7/,
  },
  {
    name: 'warnings do not count where there are errors',
    errors: [traceback('beam_pipeline.errors.SqlError: no such table')],
    warnings: ['Out of memory: Killed process 7 (python)'],
    cause: 'user_sql',
    says: /no such table/,
  },
];
