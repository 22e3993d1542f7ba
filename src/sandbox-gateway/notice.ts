// A notice: its body, its signature, and the forms in which somebody forges it.

import { createHmac, randomBytes } from "node:crypto";
import { type Charge, type ChargeView, viewOf } from "./charge.ts";
import type { ForgeInput } from "./control-shapes.ts";

/** As it goes out: header names in lower case. */
export type SentNotice = { body: string; headers: Record<string, string> };

/** The JSON of a notice: `{ id: "evt_…", type: "charge.paid", charge }`. */
export function noticeBody(id: string, type: string, charge: ChargeView): string {
  return JSON.stringify({ id, type, charge });
}

export const newNoticeId = (): string => `evt_${randomBytes(12).toString("hex")}`;

/** Signs `body` as of `timestamp` (seconds since 1970): HMAC-SHA256 over timestamp, a dot and the body, in hexadecimal. */
export function signedHeaders(body: string, secret: string, timestamp: number): Record<string, string> {
  return {
    "content-type": "application/json",
    "x-sandbox-timestamp": String(timestamp),
    "x-sandbox-signature": createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex"),
  };
}

export const secondsOf = (nowMs: number): number => Math.floor(nowMs / 1_000);

/** An authentic notice about the charge as it is now. */
export function authenticNotice(charge: Charge): SentNotice {
  const body = noticeBody(newNoticeId(), `charge.${charge.status}`, viewOf(charge));
  return { body, headers: signedHeaders(body, charge.merchant.noticeSecret, secondsOf(charge.merchant.nowMs())) };
}

/** A notice that says the charge was paid, and is not to be believed; `wrong` as in ForgeInput. */
export function forgedNotice(charge: Charge, wrong: ForgeInput["wrong"], ageSeconds = 3_600): SentNotice {
  const { noticeSecret } = charge.merchant;
  const paid = {
    ...viewOf(charge),
    status: "paid",
    paid_amount: charge.amount,
    paid_at: new Date(charge.merchant.nowMs()).toISOString(),
  };
  const body = noticeBody(newNoticeId(), "charge.paid", paid);
  const now = secondsOf(charge.merchant.nowMs());
  if (wrong === "unsigned") return { body, headers: { "content-type": "application/json" } };
  if (wrong === "replayed") return { body, headers: signedHeaders(body, noticeSecret, now - ageSeconds) };
  if (wrong === "body") {
    const other = noticeBody(newNoticeId(), "charge.paid", { ...paid, paid_amount: charge.amount + 1 });
    return { body: other, headers: signedHeaders(body, noticeSecret, now) };
  }
  const secret =
    wrong === "merchant" ? `the secret of another merchant than ${charge.merchant.token}` : "a secret of nobody";
  return { body, headers: signedHeaders(body, secret, now) };
}
