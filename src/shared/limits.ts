/** What is kept of a text at most, in characters, wherever it may come from outside. */
export const longestTexts = {
  /** A failure's message: what a person reads. */
  message: 8_000,
  /** The error beneath. */
  cause: 4_000,
  /** A line of a log that goes with a failure. */
  line: 1_000,
  /** A note of a receipt. */
  note: 2_000,
} as const;

/** Characters of a run's input, as JSON. It is in a history several times: 2 MB are Temporal's limit for one. */
export const longestInput = 262_144;
