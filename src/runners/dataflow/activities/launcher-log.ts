import type { JobMessage } from '../../../shared/run/job.js';
import { redacted } from '../../../dataflow/redact.js';
import type { ObjectStore } from '../../../store/object-store.js';

/**
 * The service says in a job's first messages where its launcher's console is kept
 * (https://github.com/GoogleCloudPlatform/python-docs-samples/issues/6245).
 */
const whereItIs = /(gs:\/\/\S+\/console_logs)\b/;
/** Characters of the log's end: that is where the reason stands. */
const longest = 64_000;

/** The end of the launcher's console log of a job; undefined if there is none, or it is out of reach. */
export async function launcherLogOf(
  messages: readonly JobMessage[],
  objects: () => Promise<ObjectStore>,
): Promise<string | undefined> {
  const uri = messages.flatMap(({ text }) => whereItIs.exec(text)?.[1] ?? [])[0];
  if (uri === undefined) return undefined;
  try {
    const text = (await (await objects()).read(uri)).toString('utf8');
    // Redacted before it is cut: half a secret does not look like one.
    return redacted(text.slice(-4 * longest)).slice(-longest);
  } catch {
    return undefined;
  }
}
