// Why a text is not HTML that Telegram takes: the sentence is Telegram's, its offsets count UTF-8 bytes.

export class HtmlError extends Error {
  override readonly name = "HtmlError";
}

/** Where `at` (a UTF-16 index into `source`) lies in the UTF-8 bytes that Telegram counts. */
export function byteOffset(source: string, at: number): number {
  return Buffer.byteLength(source.slice(0, at), "utf8");
}
