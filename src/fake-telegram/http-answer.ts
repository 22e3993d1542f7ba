// Reads HTTP/1.1 answers off a connection, one after another: by length, in chunks, or none at all.

export type HttpAnswer = {
  status: number;
  reason: string;
  headers: ReadonlyMap<string, string>;
  body: string;
  keepsAlive: boolean;
};

/** An answer to a webhook carries at most one small call; anything beyond this is taken as broken. */
const ANSWER_MAX_BYTES = 1024 * 1024;

const broken: HttpAnswer = { status: 0, reason: "Unreadable answer", headers: new Map(), body: "", keepsAlive: false };

/** `push` takes bytes as they come and gives the answer once it is whole; then it starts over for the next one. */
export function createAnswerReader(): { push(bytes: Uint8Array): HttpAnswer | undefined } {
  let received = Buffer.alloc(0);
  return {
    push(bytes) {
      received = received.byteLength === 0 ? Buffer.from(bytes) : Buffer.concat([received, bytes]);
      if (received.byteLength > ANSWER_MAX_BYTES) return broken;
      const answer = parseAnswer(received);
      if (answer) received = Buffer.alloc(0);
      return answer;
    },
  };
}

function parseAnswer(received: Buffer): HttpAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...lines] = received.toString("latin1", 0, headEnd).split("\r\n");
  const [, status, reason] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
  if (status === undefined) return broken;
  const headers = new Map(lines.map(splitHeader));
  const rest = received.subarray(headEnd + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? readChunks(rest) : readLength(rest, headers);
  if (body === undefined) return undefined;
  const keepsAlive = headers.get("connection")?.toLowerCase() !== "close";
  return { status: Number(status), reason: reason ?? "", headers, body, keepsAlive };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function readLength(rest: Buffer, headers: ReadonlyMap<string, string>): string | undefined {
  const length = Number(headers.get("content-length") ?? 0);
  return rest.byteLength < length ? undefined : rest.toString("utf8", 0, length);
}

function readChunks(rest: Buffer): string | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < rest.byteLength; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || rest.byteLength < next) return undefined;
    if (size === 0) return Buffer.concat(parts).toString("utf8");
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
  return undefined;
}
