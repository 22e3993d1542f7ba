// Errors that say what to do next: later, never, your fault, or: read this sentence.

/** Trying again may help. `afterMs`: how long to wait first; absent = the caller's own backoff. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs?: number, options?: ErrorOptions) {
    super(message, options);
    this.afterMs = afterMs;
  }
}

/** Trying again cannot help. `reason` is a short stable word for metrics and rows. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The caller of a door is at fault: answered with `status` and this one sentence, never with a stack trace. */
export class RejectedError extends Error {
  override readonly name = "RejectedError";
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A command cannot go on; the message is one sentence that says what to do. `exitCode`: 2 wrong use, 1 failure. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
