import type { JobCause } from '../shared/run/job.js';

/** Tells one way in which jobs fail by the words of the service, of Beam or of a database. */
export interface CauseRule {
  cause: JobCause;
  /** What happened, in the words of the documentation. */
  title: string;
  patterns: readonly RegExp[];
  /**
   * True if the words say only where it failed, or what followed from the failure: any message that
   * says more wins, be it older.
   */
  isVague?: true;
  /** Whether another attempt can help without a change. */
  retryHelps: boolean;
  /** What to do; a clause, in the imperative. */
  next: string;
  /** True if that is a change of the config or of launch options, which are pinned: a rerun repeats them. */
  inConfig?: true;
  /** Where the words are documented or reported. */
  sources: readonly string[];
}

const guides = 'https://cloud.google.com/dataflow/docs/guides';
const github = 'https://github.com';
const postgresCodes = 'https://www.postgresql.org/docs/current/errcodes-appendix.html';
const mysqlCodes = 'https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html';

/** In this order: of two rules that fit the same text, the first counts. */
export const causeRules: readonly CauseRule[] = [
  {
    cause: 'image_pull',
    title: 'a container image cannot be pulled',
    patterns: [
      /ErrImagePull|ImagePullBackOff|InvalidImageName/,
      /(?:failed|unable) to pull (?:the )?(?:container )?image/i,
      /manifest (?:unknown|for \S+ not found)|pull access denied|repository \S+ not found/i,
      /artifactregistry\.repositories\.downloadArtifacts/,
    ],
    retryHelps: false,
    next: 'check that the image exists, and give the worker service account roles/artifactregistry.reader on its repository',
    sources: [
      `${guides}/troubleshoot-custom-container`,
      `${github}/kubernetes/kubernetes/issues/26873`,
    ],
  },
  {
    cause: 'database_login',
    title: 'a database refuses the user, the password or the database name',
    patterns: [
      /password authentication failed for user/,
      /no pg_hba\.conf entry for/,
      /FATAL:\s+(?:role|database) "[^"]+" does not exist/,
      /Access denied for user '[^']*'(?:@'[^']*')?(?: \(using password| to database)/,
      /Unknown database '/,
      /FATAL:\s+\S+ authentication failed/i,
    ],
    retryHelps: false,
    next: 'correct the user, the password (or its secret) or the database name of the connection profile',
    sources: [postgresCodes, mysqlCodes],
  },
  {
    cause: 'out_of_memory',
    title: 'a worker has no memory left',
    patterns: [
      /out of memory|OutOfMemory|OOM[- ]?kill/i,
      /Shutting down JVM after \d+ consecutive periods of measured GC thrashing/,
      /\bMemoryError\b|Cannot allocate memory|std::bad_alloc|ArrowMemoryError/,
    ],
    retryHelps: false,
    next: 'set a `machineType` with more memory in `launch` (e2-highmem-2, say), or let less data stand in one step',
    inConfig: true,
    sources: [`${guides}/troubleshoot-oom`],
  },
  {
    cause: 'quota',
    title: 'the zone has no machines to give',
    patterns: [
      /ZONE_RESOURCE_POOL_EXHAUSTED/,
      /does not have enough resources available to fulfill the request/,
    ],
    retryHelps: true,
    next: 'try again later, or set another `machineType`, `workerZone` or `workerRegion` in `launch`',
    inConfig: true,
    sources: [
      `${guides}/common-errors#worker-pool-failure`,
      `${github}/GoogleCloudPlatform/DataflowTemplates/issues/2263`,
      `${github}/GoogleCloudPlatform/pontem/issues/251`,
    ],
  },
  {
    cause: 'quota',
    title: 'no space is left on a disk',
    patterns: [/No space left on device|disk is full|\bENOSPC\b/i],
    retryHelps: false,
    next: 'set a larger `diskSizeGb` in `launch`',
    inConfig: true,
    sources: [`${guides}/common-errors`],
  },
  {
    cause: 'quota',
    title: 'a quota of the project is used up',
    patterns: [
      /insufficient quota/i,
      /Quota '?[\w.-]+'? exceeded|QUOTA_EXCEEDED|quotaExceeded|rateLimitExceeded/,
      /IP_SPACE_EXHAUSTED/,
      /RESOURCE_EXHAUSTED/,
      /reached the maximum number of concurrent(?:ly running)? (?:Dataflow )?jobs/i,
    ],
    retryHelps: true,
    next: 'wait until other jobs have ended, raise the quota that is named, or lower `numWorkers` and `maxWorkers` in `launch`',
    inConfig: true,
    sources: [
      `${guides}/common-errors`,
      `${github}/GoogleCloudPlatform/ai-on-gke/issues/849`,
      `${github}/googlecodelabs/cloud-dataflow-nyc-taxi-tycoon/issues/13`,
    ],
  },
  {
    cause: 'network',
    title: 'the network or the subnetwork is not as it must be',
    patterns: [
      /Subnetwork should be specified for custom subnetmode network/,
      /The (?:network|subnetwork) \S+ (?:was not found|does not exist|is not accessible)/i,
      /The resource '\S*\/(?:networks|subnetworks)\/\S*' was not found/,
      /(?:Network|Subnetwork) '?\S+'? is not accessible to (?:the )?Dataflow/i,
      /Private Google Access/,
    ],
    retryHelps: false,
    next: 'correct `subnetwork` or `network` in `launch`; for private addresses, turn Private Google Access on in that subnetwork',
    inConfig: true,
    sources: [
      `${guides}/troubleshoot-networking`,
      `${github}/GoogleCloudPlatform/python-docs-samples/issues/4133`,
    ],
  },
  {
    cause: 'user_sql',
    title: 'an SQL text is wrong',
    patterns: [
      /syntax error at or near|You have an error in your SQL syntax/,
      /(?:Parser|Binder|Catalog) Error: /,
      /(?:relation|column) "?[\w.]+"? does not exist|function [\w.]+\([^)]*\) does not exist/,
      /no such (?:column|table)|Unknown column '|Table '[^']+' doesn't exist/,
    ],
    retryHelps: false,
    next: 'correct the SQL',
    sources: [postgresCodes, mysqlCodes, 'https://duckdb.org/docs/stable/sql/query_syntax/select'],
  },
  {
    cause: 'schema_mismatch',
    title: 'the data does not have the columns or types that are expected',
    patterns: [
      /Provided Schema does not match Table/,
      /schema(?:s)? (?:does|do) not match|schema mismatch/i,
      /No such field: /,
      /ArrowInvalid|ArrowTypeError|ArrowNotImplementedError/,
      /Conversion Error: |column "[^"]+" is of type \S+ but expression is of type/,
      /Field \S+ has changed (?:type|mode) from/,
    ],
    retryHelps: false,
    next: 'make the query and the expected columns agree',
    inConfig: true,
    sources: [
      'https://cloud.google.com/bigquery/docs/error-messages',
      'https://arrow.apache.org/docs/python/api/exceptions.html',
    ],
  },
  {
    cause: 'permission',
    title: 'a service account lacks a permission, or an API is not enabled',
    patterns: [
      /Current user cannot act as service account/i,
      /does not have (?:\w+\.)+\w+ access|does not have write access to project/,
      /Required '?"?(?:\w+\.)+\w+'?"? permission/,
      /Permission '?"?(?:\w+\.)+\w+'?"? denied/i,
      /permission denied (?:for|to) (?:table|relation|schema|view|sequence)/i,
      /\b\w{1,30} command denied to user '/,
      /Some Cloud APIs need to be enabled|SERVICE_DISABLED|accessNotConfigured/i,
      /PERMISSION_DENIED|\b403 (?:Forbidden|POST|GET|PUT)|'status': '403'/,
      /(?:exceptions\.)?(?:PermissionDenied|Forbidden): 403/,
    ],
    retryHelps: false,
    next: 'give the account that is named the permission that is named, or enable the API',
    sources: [`${guides}/troubleshoot-permissions`, `${guides}/common-errors`, postgresCodes],
  },
  {
    cause: 'network',
    title: 'a server cannot be reached, or the connection broke',
    patterns: [
      /could not (?:connect to server|translate host name)/i,
      /Name or service not known|Temporary failure in name resolution|UnknownHostException/,
      /Connection (?:refused|timed out|reset by peer)|ConnectTimeout|No route to host|Network is unreachable/i,
      /Can't connect to (?:local )?MySQL server|Lost connection to (?:MySQL )?server/i,
      /server closed the connection unexpectedly|Cannot create PoolableConnectionFactory/,
      /failed to connect to all addresses/,
    ],
    retryHelps: true,
    next: 'check that the workers reach the server from their subnetwork (route, firewall, Cloud NAT, allowed addresses)',
    sources: [`${guides}/troubleshoot-networking`, `${github}/apache/beam/issues/21475`],
  },
  {
    cause: 'launcher',
    title: 'the launcher cannot build the pipeline',
    patterns: [
      /ModuleNotFoundError|No module named '|ImportError: /,
      /unrecognized arguments: |the following arguments are required: /,
      /Failed to read the (?:job|result) file|Unable to open template file/,
      /ReadTimeoutError\(.*pypi|Could not find a version that satisfies the requirement/,
    ],
    retryHelps: false,
    next: 'build the template again, and check the image of its spec and the staging bucket',
    sources: [
      `${guides}/troubleshoot-templates`,
      `${github}/GoogleCloudPlatform/python-docs-samples/issues/4894`,
    ],
  },
  {
    cause: 'image_pull',
    title: "a worker's container does not start",
    patterns: [/Error syncing pod|CrashLoopBackOff|RunContainerError/],
    isVague: true,
    retryHelps: false,
    next: 'check that the image of the workers exists, has the Beam version of the launcher, and starts',
    sources: [`${guides}/common-errors`, `${github}/tensorflow/datasets/issues/2711`],
  },
  {
    cause: 'launcher',
    title: 'the launcher failed, and its log says why',
    patterns: [
      /Error occurred in the launcher container|Template launch failed/,
      /Timeout in polling result file/,
      /Failed to start the VM, launcher-/,
      /(?:python|java)3? failed with exit status/,
    ],
    isVague: true,
    retryHelps: true,
    next: "read the launcher's log",
    sources: [
      `${guides}/troubleshoot-templates`,
      `${github}/GoogleCloudPlatform/python-docs-samples/issues/6245`,
      `${github}/GoogleCloudPlatform/python-docs-samples/issues/4973`,
    ],
  },
  {
    cause: 'out_of_memory',
    title: 'workers were lost, most often for want of memory',
    patterns: [
      /worker lost contact with the service/i,
      /SDK harness \S+ disconnected|Data channel closed, unable to/,
    ],
    isVague: true,
    retryHelps: true,
    next: 'set a `machineType` with more memory in `launch`, if the log of the workers shows that they ran out of it',
    inConfig: true,
    sources: [
      `${guides}/troubleshoot-oom`,
      `${github}/apache/beam/issues/25273`,
      `${github}/tensorflow/datasets/issues/1473`,
    ],
  },
  {
    cause: 'quota',
    title: 'no worker could be started',
    patterns: [/Startup of the worker pool in (?:zone|region) \S+ failed to bring up any/],
    isVague: true,
    retryHelps: true,
    next: 'look at the quotas of the region, and at the access rules of its machines',
    sources: [
      `${guides}/common-errors#worker-pool-failure`,
      `${github}/GoogleCloudPlatform/pontem/issues/236`,
    ],
  },
  {
    cause: 'unknown',
    title: 'the workers did nothing for an hour',
    patterns: [/no worker activity has been seen in the last/],
    isVague: true,
    retryHelps: true,
    next: 'read the log of the workers: most often their container does not start, or cannot reach Google APIs',
    sources: [
      `${guides}/common-errors`,
      `${github}/google-research/text-to-text-transfer-transformer/issues/986`,
    ],
  },
];

/** The first rule whose words are in the text. */
export function causeRuleOf(text: string): CauseRule | undefined {
  return causeRules.find(({ patterns }) => patterns.some((pattern) => pattern.test(text)));
}
