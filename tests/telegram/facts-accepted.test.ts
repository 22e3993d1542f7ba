// Every message of a sale, sent as it is: a Telegram that checks as Telegram checks takes them all, photos, invoices and edits.

import { expect, test } from "bun:test";
import type { Database } from "#db/connect.ts";
import { startFakeTelegram } from "#src/fake-telegram/server.ts";
import type { FactBody } from "#src/kernel/fact.ts";
import type { BotId, ChatId, TenantId } from "#src/kernel/ids.ts";
import { openLog } from "#src/kernel/log.ts";
import { createTelegramApi } from "#src/telegram/api.ts";
import type { Bot } from "#src/telegram/bots.ts";
import { openMedia } from "#src/telegram/media.ts";
import { send } from "#src/telegram/send.ts";
import { decideAll, expiresAt, KEY, sale, starSale } from "./facts-scene.ts";

const token = "7000001:test-token-of-a-bot-with-35-characters";
const chatId = 501 as ChatId;
const product = `<Curso> & "Guia" 🏟 ${"ç".repeat(101)}`.slice(0, 120);
const sold = { ...sale, product };
const url = "https://vendas.example.com/p/a1";

test("a sale from the code to the refund", async () => {
  await using fake = await startFakeTelegram();
  await fake.control.bot({ token, openChats: true });
  const api = createTelegramApi(token, fake.url);
  const bot = { id: 7 as BotId, tenantId: 1 as TenantId, api: () => api } as unknown as Bot;
  const media = openMedia((() => []) as unknown as Database, openLog("silent", 2));

  /** Sends all messages of a fact; the id of the last one. */
  async function tell(body: FactBody): Promise<number> {
    let last = 0;
    for (const effect of decideAll(body).effects) {
      if (effect.kind !== "send") throw new Error("that is no message");
      const sent = await send(bot, media, chatId, effect.body);
      expect(sent).toMatchObject({ outcome: "done" });
      if (sent.outcome === "done") last = sent.messageId;
    }
    return last;
  }

  const ready = { kind: "charge.ready", key: KEY, invoice: null, expiresAt, legalNotice: "Aviso." } as const;
  const paid = { kind: "order.paid", offer: KEY, url, isAgain: false } as const;
  const photo = await tell({ ...ready, brCode: "0".repeat(256), ...sold });
  const text = await tell({ ...ready, brCode: "0".repeat(512), legalNotice: "a".repeat(400), ...sold });
  await tell({ kind: "charge.pending", key: KEY, brCode: "0".repeat(256), expiresAt, ...sold });
  await tell({ kind: "charge.expired", again: KEY, message: { messageId: photo, hasPhoto: true }, ...sold });
  await tell({ kind: "charge.expired", again: KEY, message: { messageId: text, hasPhoto: false }, ...sold });
  await tell({ ...paid, deliver: { link: url }, message: { messageId: photo, hasPhoto: true }, ...sold });
  await tell({ ...paid, deliver: { text: "Aqui está." }, message: { messageId: text, hasPhoto: false }, ...sold });
  await tell({ ...ready, brCode: null, invoice: "order-123", ...starSale, product });
  await tell({ kind: "charge.failed", again: KEY, ...sold });
  await tell({ kind: "order.refunded", byBank: true, ...sold });
  await tell({ kind: "orders", orders: [{ ...sold, state: "paid", at: expiresAt, url }] });

  const calls = await fake.control.calls({ token });
  expect(calls.map(({ method }) => method)).toEqual([
    ...["sendPhoto", "sendPhoto", "sendMessage", "sendMessage", "editMessageCaption", "editMessageText"],
    ...["editMessageCaption", "sendMessage", "sendMessage", "sendMessage"],
    ...["editMessageText", "sendMessage", "sendMessage", "sendMessage"],
    ...["sendInvoice", "sendMessage", "sendMessage", "sendMessage"],
  ]);
});
