// Reads a request's body within a bound, as bytes or as text that is certainly UTF-8.

import { RejectedError } from "../kernel/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws RejectedError 413 when the body is longer than `maxBytes` (declared or not), 400 when it does not arrive whole. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  const bytes = declared > maxBytes ? undefined : await readAll(request);
  if (!bytes || bytes.byteLength > maxBytes) throw new RejectedError(413, `The body is longer than ${maxBytes} bytes.`);
  return bytes;
}

/** The same as text; throws RejectedError 400 when it is not UTF-8, too. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RejectedError(400, "The body is not UTF-8.");
  }
}

async function readAll(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    throw new RejectedError(400, "The body did not arrive whole.");
  }
}
