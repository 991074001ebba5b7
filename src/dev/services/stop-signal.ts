/** Set and resolved when this process is asked to end: Ctrl-C, SIGTERM, or its terminal is gone. */
export interface StopSignal {
  signal: AbortSignal;
  asked: Promise<null>;
}

export function stopSignal(): StopSignal {
  const stop = new AbortController();
  const asked = new Promise<null>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        // Also for a second Ctrl-C: stopping in order goes on.
        stop.abort();
        resolve(null);
      });
    }
  });
  return { signal: stop.signal, asked };
}
