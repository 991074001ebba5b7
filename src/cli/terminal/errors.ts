/** What the process says to its caller (the CLI contract). */
export const exitCodes = {
  done: 0,
  /** The run failed, or something unexpected happened. */
  failed: 1,
  /** Bad input or config. */
  badInput: 2,
  /** Temporal or another service cannot be reached. */
  unreachable: 3,
  cancelled: 4,
  /** Changes are pending (with `--exit-code`), or a config means something else here (`migrate`). */
  changesPending: 5,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error for the person at the keyboard: one line, what to do next, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(
    message: string,
    { exitCode, hint, cause }: { exitCode: ExitCode; hint?: string; cause?: unknown },
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
