// Reads a request's body within a bound, as text that is certainly UTF-8.

import { RejectedError } from "../kernel/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws RejectedError 413 when the body is longer than `maxBytes` (declared or not), 400 when it is not UTF-8. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  const tooLong = new RejectedError(413, `The body is longer than ${maxBytes} bytes.`);
  if (declared > maxBytes) throw tooLong;
  const bytes = await readBytes(request);
  if (bytes.byteLength > maxBytes) throw tooLong;
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RejectedError(400, "The body is not UTF-8.");
  }
}

async function readBytes(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer();
  } catch {
    throw new RejectedError(400, "The body did not arrive whole.");
  }
}
