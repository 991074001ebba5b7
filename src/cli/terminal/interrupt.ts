/** How a person (or the system) wants a waiting command to go on. */
export interface Interrupts {
  /** Settled when the command shall end and leave the run alone. */
  detached: Promise<'detached'>;
  stop(): void;
}

/** Milliseconds after a first Ctrl-C in which a second one cancels the run. */
const secondWithinMs = 3_000;

/**
 * Ctrl-C while a run is awaited: the first leaves the run alone, unless a second one follows within
 * three seconds, which cancels it; a third ends the command at once. SIGTERM and SIGHUP leave the
 * run alone at once.
 */
export function watchInterrupts(told: { first(): void; second(): void }): Interrupts {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let detach!: (value: 'detached') => void;
  const detached = new Promise<'detached'>((resolve) => {
    detach = resolve;
  });
  const leave = (): void => detach('detached');
  const onInterrupt = (): void => {
    count += 1;
    clearTimeout(timer);
    if (count === 1) {
      told.first();
      timer = setTimeout(leave, secondWithinMs);
    } else if (count === 2) told.second();
    else leave();
  };
  process.on('SIGINT', onInterrupt).on('SIGTERM', leave).on('SIGHUP', leave);
  return {
    detached,
    stop() {
      clearTimeout(timer);
      process.off('SIGINT', onInterrupt).off('SIGTERM', leave).off('SIGHUP', leave);
    },
  };
}
