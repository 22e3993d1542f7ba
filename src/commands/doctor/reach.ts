// doctor's requests over the network: the public address, and Telegram's idea of the time.

import type { Config } from "../../kernel/config.ts";
import { advice, type Finding, failure, fine, shortReason } from "./finding.ts";

const REQUEST_MS = 4_000;

type Reached = { status: number; text: string; date: Date | undefined; tookMs: number };

async function ask(url: string): Promise<Reached> {
  const beganMs = performance.now();
  const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(REQUEST_MS) });
  const tookMs = performance.now() - beganMs;
  const date = new Date(answer.headers.get("date") ?? "");
  const text = (await answer.text()).slice(0, 1_000);
  return { status: answer.status, text, date: Number.isNaN(date.getTime()) ? undefined : date, tookMs };
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether Telegram can reach us, as far as that can be told from here. */
export async function checkPublicUrl({ publicUrl: url }: Config): Promise<Finding[]> {
  if (url === undefined) return [advice("PUBLIC_URL", "url_unset", "set_url")];
  const reached = await ask(`${url}/health`).catch((error) => ({ reason: shortReason(error) }));
  return [judgePublicUrl(url, reached)];
}

/** What only this machine reaches is for trying, and no failure. */
export function judgePublicUrl(url: string, reached: Pick<Reached, "status" | "text"> | { reason: string }): Finding {
  const name = "PUBLIC_URL";
  const { hostname, protocol } = new URL(url);
  const isLocal = LOOPBACK.test(hostname);
  const judge = isLocal ? advice : failure;
  if (!isLocal && protocol !== "https:") return failure(name, "url_not_https", "url_https", { url });
  if ("reason" in reached) return judge(name, "url_away", "url_check", { url, reason: reached.reason });
  const { status, text } = reached;
  if (status !== 200 || !isOurs(text)) return judge(name, "url_foreign", "url_check", { url, status });
  return isLocal ? advice(name, "url_loopback", "url_public", { url }) : fine(name, "url_answers", { url });
}

function isOurs(text: string): boolean {
  try {
    return (JSON.parse(text) as { status?: unknown }).status === "ok";
  } catch {
    return false;
  }
}

/** Our clock against the Date header of the Bot API server, which is cut to whole seconds. */
export async function checkTelegramClock({ telegramApiRoot }: Config): Promise<Finding[]> {
  const name = "clock_telegram";
  const { date, tookMs } = await ask(telegramApiRoot);
  if (date === undefined) return [advice(name, "clock_no_date", "telegram_network")];
  return [judgeClock(name, Date.now() - tookMs / 2 - (date.getTime() + 500))];
}

/** Signatures, expiries and the order of things stand seconds, not more. */
const CLOCK_SKEW_MS = 2_000;

export function judgeClock(name: string, skewMs: number): Finding {
  const values = { ms: Math.round(Math.abs(skewMs)) };
  return Math.abs(skewMs) < CLOCK_SKEW_MS
    ? fine(name, "clock_off", values)
    : failure(name, "clock_off", "clock_mend", values);
}
