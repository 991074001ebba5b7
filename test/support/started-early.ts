/**
 * A task that is started now and asked for its result later: several tests wait side by side. Whoever asks
 * again, as a second try does, has it done again.
 */
export function startedEarly(task: () => Promise<void>): {
  start(): void;
  result(): Promise<void>;
} {
  let running: Promise<void> | undefined;
  return {
    start() {
      running = task();
      running.catch(() => undefined); // Reported by `result`.
    },
    async result() {
      const under = running ?? task();
      running = undefined;
      return under;
    },
  };
}
