import { setTimeout as sleep } from 'node:timers/promises';

/** Thrown when a worker that was asked to stop cannot tell Temporal the end of its work. */
export class TemporalAway extends Error {
  override readonly name = 'TemporalAway';
}

/** What is watched while a worker stops. */
export interface Stopping {
  /** Called once, when the process is asked to stop. */
  onAsked: () => void;
  /** Whether Temporal answers; null before the workers are there. */
  answers: () => Promise<boolean> | null;
}

const signals = ['SIGTERM', 'SIGINT'] as const;
/**
 * Milliseconds for what runs here to end and to be told. `docker stop` kills after 10 s, Kubernetes after 30 s;
 * children are given 3 s.
 */
const graceMs = 7_000;
const lookEveryMs = 2_000;

/**
 * Sees to it that a worker which is asked to stop ends by itself before it is killed. The SDK waits until
 * Temporal has heard of every activity that ends: without Temporal, for ever. As long as Temporal answers,
 * nobody is hurried.
 *
 * @returns `away` rejects with {@link TemporalAway}, and else is never settled
 */
export function watchStopping({ onAsked, answers }: Stopping): {
  away: Promise<never>;
  forget: () => void;
} {
  const over = new AbortController();
  let hear: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (hear = resolve));
  const onSignal = (): void => hear?.();
  for (const name of signals) process.on(name, onSignal);
  const away = asked.then(async () => {
    onAsked();
    if (answers() === null) {
      throw new TemporalAway('asked to stop before Temporal was reached; nothing was begun');
    }
    await sleep(graceMs, undefined, { signal: over.signal });
    while ((await answers()) !== false) {
      await sleep(lookEveryMs, undefined, { signal: over.signal });
    }
    throw new TemporalAway(
      'stopped without Temporal, which does not answer: it will notice, and have what ran here tried again',
    );
  });
  away.catch(() => undefined);
  return {
    away,
    forget() {
      over.abort();
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
