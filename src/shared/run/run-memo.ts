import { isNamed } from '../form.js';

/** The key, in the memo of a workflow or a schedule, under which Beamline writes. */
export const memoKey = 'beamline';

/** What whoever starts a run writes of it. */
export interface RunMemo {
  /** Of a run of a schedule: its name, and what Beamline wrote of it. */
  schedule?: string;
  spec?: string;
  /** sha256 of the config and the files whose texts it takes, as they were when the run was checked. */
  config_sha256?: string;
}

/** The hash of what was checked; undefined of a run that nobody checked, or whose memo says anything else. */
export function checkedConfigIn(memo: Record<string, unknown> | undefined): string | undefined {
  const own = memo?.[memoKey];
  const sha256 = isNamed(own) ? own['config_sha256'] : undefined;
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined;
}
