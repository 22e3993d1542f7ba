// The payment benchmark's requests, each whole: a buyer's tap, an order to pay a charge, a notice as the sandbox gateway signs it.

import { createHmac } from "node:crypto";
import type { ChargeView } from "#src/sandbox-gateway/charge.ts";
import type { BenchBot } from "./start-request.ts";

/** `buyKey`: what is on its buy button. */
export type ShopBot = BenchBot & { buyKey: string };

/** A tap on the buy button, on its way to the fake Telegram, by the chat of whoever taps. */
export function tapsOf(url: string, bots: readonly ShopBot[]): (chatId: number) => string {
  return (chatId) => {
    const { token, buyKey } = bots[chatId % bots.length] as ShopBot;
    const user = { id: chatId, first_name: "Alice", language_code: "pt-br" };
    return post(`${url}/_/tap`, JSON.stringify({ token, user, message_id: 1, data: buyKey }));
  };
}

/** `id`: of the charge, by the gateway's name. */
export const payRequest = (sandboxUrl: string, id: string): string =>
  post(`${sandboxUrl}/_/pay`, JSON.stringify({ id }));

/** A notice's body and where it goes. */
export type Notice = { url: string; body: string };

/** The notice that a charge was paid, in full. `eventId`: notices with another one are other notices. */
export function paidNotice(charge: ChargeView, eventId: string, at: Date): Notice {
  const paid = { ...charge, status: "paid", paid_amount: charge.amount, paid_at: at.toISOString() };
  return {
    url: charge.notice_url ?? "",
    body: JSON.stringify({ id: eventId, type: "charge.paid", charge: paid }),
  };
}

/** The same of a charge that nobody made, at the account's own address. */
export function unknownNotice(like: ChargeView, webhookUrl: string, eventId: string, at: Date): Notice {
  const unknown = { ...like, id: `ch_${eventId}`, reference: eventId, notice_url: webhookUrl };
  return paidNotice(unknown, eventId, at);
}

/** Signed as it leaves: HMAC-SHA256 of the second, a dot and the body. The body must be in ASCII. */
export function noticeRequest({ url, body }: Notice, secret: string, nowSeconds: number): string {
  const signature = createHmac("sha256", secret).update(`${nowSeconds}.`).update(body).digest("hex");
  return post(url, body, `x-sandbox-timestamp: ${nowSeconds}\r\nx-sandbox-signature: ${signature}\r\n`);
}

function post(address: string, body: string, headers = ""): string {
  const { host, pathname } = new URL(address);
  return (
    `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}` +
    `Connection: keep-alive\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
