import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from './service.js';

/** What ends more often within a minute than this does so for a reason that a start does not mend. */
const mostStarts = 5;
const withinMs = 60_000;

/** Milliseconds before it is started again. */
const pauseMs = 500;

export interface Keeping<T> {
  /** @param signal aborted when it is no longer wanted */
  start: (signal: AbortSignal) => Promise<{ service: Service; ready: T }>;
  signal: AbortSignal;
  /** Called when it has ended by itself and was started again. */
  onRestart: (how: string, started: { service: Service; ready: T }) => void | Promise<void>;
}

/**
 * A service that is started again when it ends by itself, as a supervisor does with it elsewhere: a worker
 * that was killed, say. Its `ended` tells only of an end that starting it does not mend.
 */
export async function keepService<T>({
  start,
  signal,
  onRestart,
}: Keeping<T>): Promise<{ service: Service; ready: T }> {
  const stopping = new AbortController();
  const unwanted = AbortSignal.any([stopping.signal, signal]);
  const first = await start(unwanted);
  let current: Service | null = first.service;
  const starts = [Date.now()];
  const ended = keep();
  return {
    ready: first.ready,
    service: {
      ...first.service,
      ended: ended.then((how) => how ?? new Promise<string>(() => undefined)),
      async stop(graceMs) {
        stopping.abort();
        await current?.stop(graceMs);
        await ended;
      },
    },
  };

  /** How it ended for good; null if it was stopped. */
  async function keep(): Promise<string | null> {
    for (let service = first.service; ;) {
      const how = await service.ended;
      if (unwanted.aborted) return null;
      current = null; // Its process id may be that of another one now.
      const lately = starts.filter((at) => Date.now() - at < withinMs);
      if (lately.length >= mostStarts) return `${how}, ${mostStarts} times within a minute`;
      try {
        await sleep(pauseMs, undefined, { signal: unwanted });
        starts.push(Date.now());
        const next = await start(unwanted);
        service = next.service;
        current = service;
        await onRestart(how, next);
      } catch (error) {
        if (unwanted.aborted) return null;
        return `${how}, and did not start again: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
}

/** What a person sees of a part of the stack that was started again. */
export function restartedText(name: string, how: string): string {
  const runs = name === 'worker' ? '; runs that are open go on' : '';
  return `  ! ${name} ${how}: it was started again${runs}`;
}
