import {
  CancellationScope,
  condition,
  ContinueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import { failure } from '../../shared/failures.js';
import { isNamed } from '../../shared/form.js';
import type { RunReference, Staged } from '../../workflows/contract/activities.js';
import { ignored } from '../../workflows/contract/intake.js';
import { supervised, type HostQueue } from '../../workflows/contract/proxies.js';
import type { Ears, RunnerContext, RunnerWorkflow } from '../../workflows/runner.js';

/** What the process leaves when it ends: its manifest, or why there is none. */
export type Ended = { manifest: string; sha256: string } | { failed: string };

export interface SignalledActivities {
  /** Starts the process, or finds the one that an earlier attempt started. */
  startSignalled(run: RunReference): Promise<{ pid: number }>;
  /** How it ended; null while it goes on. */
  lookSignalled(run: RunReference): Promise<Ended | null>;
  /** Ends it; twice is once. */
  endSignalled(run: RunReference): Promise<void>;
}

const ended = defineSignal<[hint: unknown]>('signalledEnded');
/** A signal may be lost. */
const lookAfter = '20s';

interface Heard extends Ears {
  /** Anybody may say so: it is looked at. */
  endClaimed: boolean;
}

export const workflow: RunnerWorkflow<Heard> = {
  listen() {
    const heard: Heard = { claimedState: null, endClaimed: false };
    setHandler(ended, (hint) => {
      if (isNamed(hint) && hint['ended'] === true) heard.endClaimed = true;
      else ignored('a signal signalledEnded');
    });
    return heard;
  },

  async stage(context, heard, resumed): Promise<Staged> {
    let end: Ended | null = null;
    try {
      // Also one that is cancelled meanwhile may have started something.
      const started = resumed ?? (await on(context, (host) => host.startSignalled(context.run)));
      for (;;) {
        await condition(() => heard.endClaimed || context.isLong(), lookAfter);
        heard.endClaimed = false;
        end = await on(context, (host) => host.lookSignalled(context.run));
        if (end !== null) break;
        await context.continueIfLong(started);
      }
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      await CancellationScope.nonCancellable(() =>
        on(context, (host) => host.endSignalled(context.run)),
      );
      throw error;
    }
    if ('failed' in end) throw failure('BeamCrashed', end.failed);
    return { manifestUri: end.manifest, manifestSha256: end.sha256, attempt: 1 };
  },
};

function on<T>(
  { routes }: RunnerContext,
  call: (host: SignalledActivities) => Promise<T>,
): Promise<T> {
  return routes.onHost((queue: HostQueue) =>
    call(
      proxyActivities<SignalledActivities>({
        ...supervised,
        ...queue,
        startToCloseTimeout: '1m',
      }),
    ),
  );
}
