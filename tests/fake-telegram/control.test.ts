// The control over HTTP: the client's verbs, waiting for calls, the log's bounds, refusals, reset.

import { expect, test } from "bun:test";
import { fakeTelegramControl } from "../../src/fake-telegram/control-client.ts";
import { startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, caller, token } from "./support.ts";

test("the client does what the control in-process does", async () => {
  await using telegram = await startFakeTelegram();
  const control = fakeTelegramControl(telegram.url);
  const api = caller(telegram.url);
  expect(await control.bot({ token, username: "shop_bot" })).toEqual({ id: 123456, username: "shop_bot" });
  expect((await control.say({ token, user: alice, text: "/start" })).message_id).toBe(1);
  const waiting = control.wait({ token, chat_id: alice.id, count: 2 });
  await api("sendMessage", { chat_id: alice.id, text: "one" });
  await api("sendChatAction", { chat_id: alice.id, action: "typing" });
  const { complete, calls } = await waiting;
  expect(complete).toBe(true);
  expect(calls).toEqual(await telegram.control.calls());
  expect(calls[0]).toMatchObject({ seq: 1, method: "sendMessage", outcome: { ok: true, message_id: 2 } });
  const page = await control.sends({ since_seq: 0 });
  expect(page).toEqual({ last_seq: 1, sends: [[alice.id, "sendMessage", calls[0]?.at ?? 0]] });
  expect(await control.sends({ since_seq: page.last_seq })).toEqual({ last_seq: 1, sends: [] });
  expect(await control.stats()).toMatchObject({ calls: 2, byMethod: { sendMessage: 1 }, updatesPending: 1 });
  expect(await control.idle({ timeout_ms: 1 })).toEqual({ idle: false });
  expect(await control.delivered({ token })).toMatchObject([{ status: "pending", attempts: 0 }]);
});

test("a wait that is not fulfilled answers with what came", async () => {
  await using telegram = await startFakeTelegram();
  const control = fakeTelegramControl(telegram.url);
  await caller(telegram.url)("getMe");
  const waited = await control.wait({ method: "getme", count: 2, timeout_ms: 1 });
  expect(waited).toMatchObject({ complete: false, calls: [{ method: "getMe" }] });
});

test("the log keeps the newest calls and counts all", async () => {
  await using telegram = await startFakeTelegram({ callCapacity: 3 });
  for (let times = 0; times < 5; times++) await caller(telegram.url)("getMe");
  const calls = await telegram.control.calls();
  expect(calls.map((call) => call.seq)).toEqual([3, 4, 5]);
  expect((await telegram.control.calls({ since: 3, limit: 1 })).map((call) => call.seq)).toEqual([4]);
  expect((await telegram.control.stats()).calls).toBe(5);
});

test("refused inputs say why", async () => {
  await using telegram = await startFakeTelegram();
  const control = fakeTelegramControl(telegram.url);
  await expect(control.delivered({ token: "nonsense" })).rejects.toThrow("not a token by its looks");
  const answer = await fetch(`${telegram.url}/_/say`, { method: "POST", body: JSON.stringify({ token }) });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({ error: "/user: Expected required property." });
  expect((await fetch(`${telegram.url}/_/nothing`)).status).toBe(404);
  expect((await fetch(`${telegram.url}/_/calls?limit=x`)).status).toBe(400);
});

test("reset forgets everything but keeps listening", async () => {
  await using telegram = await startFakeTelegram();
  const control = fakeTelegramControl(telegram.url);
  await control.say({ token, user: alice, text: "/start" });
  await control.fault({ kind: "5xx" });
  await control.reset();
  expect(await control.idle()).toEqual({ idle: true });
  expect(await caller(telegram.url)("sendMessage", { chat_id: alice.id, text: "x" })).toMatchObject({
    description: "Bad Request: chat not found",
  });
});

test("an edit by the user takes the message's place and costs no number", async () => {
  await using telegram = await startFakeTelegram();
  const { message_id } = await telegram.control.say({ token, user: alice, text: "one" });
  const edit = { message_id, edit_date: 1_800_000_000 };
  expect((await telegram.control.say({ token, user: alice, text: "two", message: edit })).message_id).toBe(message_id);
  expect((await telegram.control.say({ token, user: alice, text: "three" })).message_id).toBe(message_id + 1);
  const { result } = await caller(telegram.url)("getUpdates");
  expect(result).toMatchObject([{ message: { text: "one" } }, { edited_message: { text: "two" } }, {}]);
});

test("an update of a group makes it known; its number is taken as given", async () => {
  await using telegram = await startFakeTelegram();
  const chat = { id: -1_001, type: "supergroup", title: "VIP" };
  const message = { message_id: 40, date: 1_800_000_000, chat, from: { ...alice, is_bot: false }, text: "hi" };
  expect(await telegram.control.update({ token, update: { update_id: 7, message } })).toEqual({ update_id: 7 });
  const api = caller(telegram.url);
  expect((await api("sendMessage", { chat_id: chat.id, text: "x" })).result.message_id).toBe(41);
  const link = await api("createChatInviteLink", { chat_id: chat.id, member_limit: 1 });
  expect(link.result).toMatchObject({ member_limit: 1, creates_join_request: false });
  expect(String(link.result.invite_link)).toStartWith("https://t.me/+");
  await telegram.control.member({ token, user: alice, status: "kicked", chat });
  expect(await api("sendMessage", { chat_id: chat.id, text: "x" })).toMatchObject({
    description: "Forbidden: bot was kicked from the supergroup chat",
  });
});

test("a taken port is refused, never shared", async () => {
  await using telegram = await startFakeTelegram();
  await expect(startFakeTelegram({ port: telegram.port })).rejects.toThrow("Is port");
});
