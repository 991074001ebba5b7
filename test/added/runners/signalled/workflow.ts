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

/** What the process says when it ends: its manifest, or why there is none. */
export type Ended = { manifest: string; sha256: string } | { failed: string };

export interface SignalledActivities {
  /** Starts the process, or finds the one that an earlier attempt started. */
  startSignalled(run: RunReference): Promise<{ pid: number }>;
  /** Ends it; twice is once. */
  endSignalled(run: RunReference): Promise<void>;
}

const ended = defineSignal<[end: Ended]>('signalledEnded');

interface Heard extends Ears {
  end: Ended | null;
}

export const workflow: RunnerWorkflow<Heard> = {
  listen() {
    const heard: Heard = { claimedState: null, end: null };
    setHandler(ended, (end) => {
      if (isEnd(end)) heard.end ??= end;
      else ignored('a signal signalledEnded');
    });
    return heard;
  },

  async stage(context, heard, resumed): Promise<Staged> {
    const started = resumed ?? (await on(context, (host) => host.startSignalled(context.run)));
    try {
      for (;;) {
        await condition(() => heard.end !== null || context.isLong());
        if (heard.end !== null) break;
        await context.continueIfLong(started);
      }
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      await CancellationScope.nonCancellable(() =>
        on(context, (host) => host.endSignalled(context.run)),
      );
      throw error;
    }
    if ('failed' in heard.end) throw failure('BeamCrashed', heard.end.failed);
    return { manifestUri: heard.end.manifest, manifestSha256: heard.end.sha256, attempt: 1 };
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

function isEnd(sent: unknown): sent is Ended {
  if (!isNamed(sent)) return false;
  const { manifest, sha256, failed } = sent;
  return typeof failed === 'string' || (typeof manifest === 'string' && typeof sha256 === 'string');
}
