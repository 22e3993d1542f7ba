// A refusal in Telegram's own shape: `error_code`, `description`, and sometimes `parameters`.

export type FailureParameters = { retry_after?: number; migrate_to_chat_id?: number };

export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly code: number;
  readonly parameters: FailureParameters | undefined;
  constructor(code: number, description: string, parameters?: FailureParameters) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

/** 400 with Telegram's prefix. */
export function badRequest(sentence: string): ApiFailure {
  return new ApiFailure(400, `Bad Request: ${sentence}`);
}

export function tooManyRequests(retryAfterSeconds: number): ApiFailure {
  return new ApiFailure(429, `Too Many Requests: retry after ${retryAfterSeconds}`, { retry_after: retryAfterSeconds });
}
