// What the Bot API refuses, in Telegram's words, and what it takes.

import { beforeAll, describe, expect, test } from "bun:test";
import { type FakeTelegram, startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, caller, token } from "./support.ts";

let telegram: FakeTelegram;
let api: ReturnType<typeof caller>;

beforeAll(async () => {
  telegram = await startFakeTelegram();
  api = caller(telegram.url);
  await telegram.control.say({ token, user: alice, text: "/start" });
  return () => telegram[Symbol.asyncDispose]();
});

const chat_id = alice.id;
const button = (fields: object) => ({ chat_id, text: "x", reply_markup: { inline_keyboard: [[fields]] } });

describe("400 with Telegram's sentence", () => {
  const cases: [method: string, params: Record<string, unknown>, sentence: string][] = [
    ["sendMessage", { text: "x" }, "chat_id is empty"],
    ["sendMessage", { chat_id: 999, text: "x" }, "chat not found"],
    ["sendMessage", { chat_id, text: "" }, "message text is empty"],
    ["sendMessage", { chat_id, text: " \n " }, "message text is empty"],
    ["sendMessage", { chat_id, text: "x".repeat(4_097) }, "message is too long"],
    [
      "sendMessage",
      { chat_id, text: "<x>", parse_mode: "HTML" },
      `can't parse entities: Unsupported start tag "x" at byte offset 0`,
    ],
    [
      "sendMessage",
      { chat_id, text: "abc", entities: [{ type: "bold", offset: 1, length: 3 }] },
      "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 4",
    ],
    ["sendMessage", button({ text: "x", callback_data: "ã".repeat(33) }), "BUTTON_DATA_INVALID"],
    ["sendMessage", button({ text: "x", callback_data: "" }), "BUTTON_DATA_INVALID"],
    ["sendMessage", button({ text: "x", copy_text: { text: "y".repeat(257) } }), "BUTTON_COPY_TEXT_INVALID"],
    [
      "sendMessage",
      button({ text: "x", url: "http://localhost/" }),
      "inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
    ],
    [
      "sendMessage",
      button({ text: "x", url: "javascript:alert(1)" }),
      "inline keyboard button URL 'javascript:alert(1)' is invalid: Unsupported URL protocol",
    ],
    [
      "sendMessage",
      button({ text: "x" }),
      "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ],
    ["sendMessage", { chat_id, text: "x", reply_markup: "{" }, "can't parse reply keyboard markup JSON object"],
    ["sendMessage", { chat_id, text: "x", reply_parameters: { message_id: 99 } }, "message to be replied not found"],
    ["sendPhoto", { chat_id }, "there is no photo in the request"],
    ["sendPhoto", { chat_id, photo: "unknown" }, "wrong file identifier/HTTP URL specified"],
    ["sendPhoto", { chat_id, photo: "https://a.b/c", caption: "x".repeat(1_025) }, "message caption is too long"],
    ["sendMediaGroup", { chat_id, media: [] }, "there are no messages to send"],
    ["sendChatAction", { chat_id, action: "dancing" }, "wrong parameter action in request"],
    ["editMessageText", { chat_id, text: "x" }, "message identifier is not specified"],
    ["editMessageText", { chat_id, text: "x", message_id: 99 }, "message to edit not found"],
    ["editMessageText", { chat_id, text: "x", message_id: 1 }, "message can't be edited"],
    ["deleteMessage", { chat_id, message_id: 99 }, "message to delete not found"],
    ["copyMessage", { chat_id, from_chat_id: chat_id, message_id: 99 }, "message to copy not found"],
    [
      "answerCallbackQuery",
      { callback_query_id: "1" },
      "query is too old and response timeout expired or query ID is invalid",
    ],
    ["setWebhook", { url: "https://a.b/", secret_token: "a b" }, "secret token contains unallowed characters"],
    ["setWebhook", { url: "https://a.b/", secret_token: "a".repeat(257) }, "secret token is too long"],
    ["setWebhook", { url: "http://a.b/" }, "bad webhook: An HTTPS URL must be provided for webhook"],
    ["getFile", { file_id: "x" }, "wrong file_id or the file is temporarily unavailable"],
    ["refundStarPayment", { user_id: 77, telegram_payment_charge_id: "x" }, "CHARGE_NOT_FOUND"],
  ];
  for (const [method, params, sentence] of cases) {
    test(`${method}: ${sentence}`, async () => {
      const answer = await api(method, params);
      expect(answer).toEqual({
        status: 400,
        ok: false,
        error_code: 400,
        description: `Bad Request: ${sentence}`,
      } as never);
    });
  }
});

test("401 for a revoked token and for none, 404 for an unknown method", async () => {
  const other = "555555:other_token";
  expect(await caller(telegram.url, other)("getMe")).toMatchObject({ ok: true, result: { username: "bot555555_bot" } });
  await telegram.control.bot({ token: other, revoked: true });
  expect(await caller(telegram.url, other)("getMe")).toMatchObject({ status: 401, description: "Unauthorized" });
  expect(await caller(telegram.url, "nonsense")("getMe")).toMatchObject({ status: 401 });
  expect(await api("toString")).toMatchObject({ status: 404 });
  expect(await api("sendTelepathy")).toMatchObject({ status: 404, error_code: 404 });
});

test("400 for a body that is not JSON, and the call is in the log", async () => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${telegram.url}/bot${token}/getFile`, { method: "POST", body: "{", headers });
  expect(await answer.json()).toMatchObject({ description: "Bad Request: can't parse JSON object" });
  const calls = await telegram.control.calls({ method: "getFile" });
  expect(calls.at(-1)).toMatchObject({ payload: {}, outcome: { ok: false, error_code: 400 } });
});

test("it takes names in any case, queries, forms and the longest texts", async () => {
  const get = await fetch(`${telegram.url}/bot${token}/SENDMESSAGE?chat_id=${chat_id}&text=hi`);
  expect(await get.json()).toMatchObject({ ok: true, result: { text: "hi", chat: { id: chat_id, type: "private" } } });
  const markup = JSON.stringify({ inline_keyboard: [[{ text: "x", callback_data: "d".repeat(64) }]] });
  const form = await api("sendMessage", new URLSearchParams({ chat_id: "77", text: "x", reply_markup: markup }));
  expect(form.result.reply_markup).toEqual(JSON.parse(markup));
  const bold = await api("sendMessage", { chat_id, text: `<b>${"x".repeat(4_096)}</b>`, parse_mode: "HTML" });
  expect(bold.result.entities).toEqual([{ type: "bold", offset: 0, length: 4_096 }]);
});

test("it numbers messages upwards per chat and edits its own, once", async () => {
  const { result: one } = await api("sendMessage", { chat_id, text: "one" });
  const { result: two } = await api("sendMessage", { chat_id, text: "two" });
  expect(two.message_id).toBe(Number(one.message_id) + 1);
  const edit = { chat_id, message_id: two.message_id, text: "three" };
  const edited = await api("editMessageText", edit);
  expect(edited.result).toMatchObject({ text: "three", from: { id: 123456 } });
  expect(edited.result.edit_date).toBeNumber();
  expect((await api("editMessageText", edit)).description).toStartWith("Bad Request: message is not modified: ");
  expect(await api("editMessageCaption", { ...edit, caption: "x" })).toMatchObject({
    description: "Bad Request: there is no caption in the message to edit",
  });
  expect((await api("deleteMessage", edit)).ok).toBe(true);
  expect(await api("deleteMessage", edit)).toMatchObject({ description: "Bad Request: message to delete not found" });
});

test("403 while the user has blocked the bot, until they write again", async () => {
  await telegram.control.member({ token, user: alice, status: "kicked" });
  const refused = { status: 403, description: "Forbidden: bot was blocked by the user" };
  expect(await api("sendMessage", { chat_id, text: "x" })).toMatchObject(refused);
  await telegram.control.say({ token, user: alice, text: "/start" });
  expect(await api("sendMessage", { chat_id, text: "x" })).toMatchObject({ ok: true });
});

test("it takes any positive chat once chats are open", async () => {
  const open = "666666:open_chats";
  await telegram.control.bot({ token: open, openChats: true });
  const send = caller(telegram.url, open);
  expect(await send("sendMessage", { chat_id: 4_242, text: "x" })).toMatchObject({ ok: true });
  expect(await send("sendMessage", { chat_id: -4_242, text: "x" })).toMatchObject({ status: 400 });
});

test("a tap's query can be answered for 150 seconds, and only by its bot", async () => {
  const { result } = await api("sendMessage", button({ text: "Buy", callback_data: "buy" }));
  const message_id = Number(result.message_id);
  const { callback_query_id } = await telegram.control.tap({ token, user: alice, message_id, button: "Buy" });
  expect(await api("answerCallbackQuery", { callback_query_id })).toMatchObject({ ok: true });
  expect(await caller(telegram.url, "777777:other")("answerCallbackQuery", { callback_query_id })).toMatchObject({
    status: 400,
  });
  await expect(telegram.control.tap({ token, user: alice, message_id, button: "Sell" })).rejects.toThrow('has "Buy"');
});

test("it refunds a payment of Stars once", async () => {
  const paid = { telegram_payment_charge_id: "charge-1", currency: "XTR", total_amount: 5, invoice_payload: "p" };
  await telegram.control.say({ token, user: alice, message: { successful_payment: paid } });
  const refund = { user_id: alice.id, telegram_payment_charge_id: "charge-1" };
  expect(await api("refundStarPayment", refund)).toMatchObject({ ok: true });
  expect(await api("refundStarPayment", refund)).toMatchObject({
    description: "Bad Request: CHARGE_ALREADY_REFUNDED",
  });
});
