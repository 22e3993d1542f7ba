// One POST of one notice, and what came of it.

import { reasonOf } from "../kernel/errors.ts";
import type { SentNotice } from "./notice.ts";

/** `at`: when it began, ISO 8601. `ms`: how long it took. `status` 0 = no answer came, for the `problem`. */
export type Attempt = { at: string; ms: number; status: number; problem: string | null };

/** Never rejects. Certificates are not verified: a test's own will do. */
export async function postNotice(url: string, { body, headers }: SentNotice, timeoutMs: number): Promise<Attempt> {
  const at = new Date().toISOString();
  const begunMs = performance.now();
  const end = (status: number, problem: string | null): Attempt => {
    return { at, ms: Math.round(performance.now() - begunMs), status, problem };
  };
  try {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers,
      body,
      signal: AbortSignal.timeout(timeoutMs),
      ...(url.startsWith("https:") && { tls: { rejectUnauthorized: false } }),
    });
    // Read to its end, so that the connection can be used again.
    await answer.arrayBuffer();
    return end(answer.status, null);
  } catch (error) {
    return end(0, reasonOf(error).slice(0, 200));
  }
}
