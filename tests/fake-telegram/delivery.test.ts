// Delivery: order within a chat, chats side by side, queries overtaking, the retry schedule, lifetimes.

import { expect, test } from "bun:test";
import { startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, bob, caller, jumpingTimeline, ok, startReceiver, token, until } from "./support.ts";

test("it delivers with the secret, in order, counting update_id upwards", async () => {
  await using telegram = await startFakeTelegram();
  await using receiver = startReceiver(ok);
  await caller(telegram.url)("setWebhook", { url: receiver.url, secret_token: "s3cret" });
  for (const text of ["one", "two", "three"]) await telegram.control.say({ token, user: alice, text });
  expect(await telegram.control.idle()).toEqual({ idle: true });
  const texts = receiver.received.map(({ message }) => (message as { text: string }).text);
  expect(texts).toEqual(["one", "two", "three"]);
  expect(receiver.secrets).toEqual(["s3cret", "s3cret", "s3cret"]);
  const [first = 0, ...rest] = receiver.received.map((update) => update.update_id);
  expect(rest).toEqual([first + 1, first + 2]);
});

test("it holds back a chat's next update until the head got 2xx, while other chats and taps overtake", async () => {
  await using telegram = await startFakeTelegram();
  const head = Promise.withResolvers<Response>();
  const overtaken = Promise.withResolvers<void>();
  const seen: string[] = [];
  await using receiver = startReceiver((update) => {
    const message = update.message as { text: string } | undefined;
    seen.push(message?.text ?? "tap");
    if (seen.length === 3) overtaken.resolve();
    return message?.text === "alice 1" ? head.promise : ok();
  });
  await caller(telegram.url)("setWebhook", { url: receiver.url });
  const { message_id } = await telegram.control.say({ token, user: alice, text: "alice 1" });
  await telegram.control.say({ token, user: alice, text: "alice 2" });
  await telegram.control.say({ token, user: bob, text: "bob 1" });
  await telegram.control.tap({ token, user: alice, message_id, data: "x" });
  await overtaken.promise;
  expect(seen.toSorted()).toEqual(["alice 1", "bob 1", "tap"]);
  head.resolve(ok());
  await telegram.control.idle();
  expect(seen.at(-1)).toBe("alice 2");
});

test("it never has more than max_connections under way", async () => {
  await using telegram = await startFakeTelegram();
  const gate = Promise.withResolvers<void>();
  const twoCame = Promise.withResolvers<void>();
  let underWay = 0;
  let most = 0;
  await using receiver = startReceiver(async (_update, nth) => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (nth === 2) twoCame.resolve();
    await gate.promise;
    underWay -= 1;
    return ok();
  });
  await caller(telegram.url)("setWebhook", { url: receiver.url, max_connections: 2 });
  for (let id = 1; id <= 6; id++) await telegram.control.say({ token, user: { ...alice, id }, text: "hi" });
  await twoCame.promise;
  gate.resolve();
  await telegram.control.idle();
  expect({ most, received: receiver.received.length }).toEqual({ most: 2, received: 6 });
});

test("it resends at once, then after 2, 4, 8 … seconds up to a cap between 60 and 120", async () => {
  const timeline = jumpingTimeline();
  await using telegram = await startFakeTelegram({ timeline, random: () => 0.5 });
  await using receiver = startReceiver((_update, nth) => (nth <= 9 ? new Response("", { status: 500 }) : ok()));
  const api = caller(telegram.url);
  await api("setWebhook", { url: receiver.url });
  await telegram.control.say({ token, user: alice, text: "hi" });
  await telegram.control.idle();
  expect(timeline.waitsMs.map((ms) => ms / 1_000)).toEqual([2, 4, 8, 16, 32, 64, 90, 90]);
  expect(await telegram.control.delivered({ token })).toMatchObject([{ attempts: 10, status: "delivered" }]);
  const info = await api("getWebhookInfo");
  expect(info.result.last_error_message).toBe("Wrong response from the webhook: 500 Internal Server Error");
});

test("it honours Retry-After, up to an hour", async () => {
  const timeline = jumpingTimeline();
  await using telegram = await startFakeTelegram({ timeline });
  const busy = (seconds: string) => new Response("", { status: 503, headers: { "retry-after": seconds } });
  await using receiver = startReceiver((_update, nth) => (nth === 1 ? busy("5") : nth === 2 ? busy("99999") : ok()));
  await caller(telegram.url)("setWebhook", { url: receiver.url });
  await telegram.control.say({ token, user: alice, text: "hi" });
  await telegram.control.idle();
  expect(timeline.waitsMs).toEqual([5_000, 3_600_000]);
});

test("it gives up a tap after 150 seconds and a message after a day", async () => {
  const timeline = jumpingTimeline();
  await using telegram = await startFakeTelegram({ timeline, random: () => 0.5 });
  await using receiver = startReceiver(() => new Response("", { status: 500 }));
  await caller(telegram.url)("setWebhook", { url: receiver.url });
  await telegram.control.bot({ token, openChats: true });
  await telegram.control.tap({ token, user: alice, message_id: 1, data: "x" });
  await telegram.control.idle();
  expect(timeline.waitsMs).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
  await telegram.control.say({ token, user: alice, text: "hi" });
  await telegram.control.idle();
  expect(await telegram.control.delivered({ token })).toMatchObject([{ status: "expired" }, { status: "expired" }]);
  const waitedMs = timeline.waitsMs.slice(6).reduce((sum, ms) => sum + ms, 0);
  expect(waitedMs).toBeGreaterThan(86_000_000);
  expect(waitedMs).toBeLessThanOrEqual(86_400_000);
});

test("it executes the call in a 2xx answer and removes the webhook after 23 hours of 410", async () => {
  const timeline = jumpingTimeline();
  await using telegram = await startFakeTelegram({ timeline });
  await using receiver = startReceiver((_update, nth) =>
    nth === 1
      ? Response.json({ method: "sendMessage", chat_id: alice.id, text: "from the answer" })
      : new Response("", { status: 410 }),
  );
  const api = caller(telegram.url);
  await api("setWebhook", { url: receiver.url });
  await telegram.control.say({ token, user: alice, text: "hi" });
  const { calls } = await telegram.control.wait({ method: "sendMessage", chat_id: alice.id });
  expect(calls[0]).toMatchObject({ payload: { text: "from the answer" }, outcome: { ok: true, message_id: 2 } });
  const startMs = timeline.nowMs();
  await telegram.control.say({ token, user: alice, text: "gone" });
  await until(async () => (await api("getWebhookInfo")).result.url === "");
  expect((timeline.nowMs() - startMs) / 3_600_000).toBeGreaterThan(23);
  expect((await api("getWebhookInfo")).result.pending_update_count).toBe(1);
});

test("it keeps updates while there is no webhook, counts them, and delivers them to the next one", async () => {
  await using telegram = await startFakeTelegram();
  await using receiver = startReceiver(ok);
  const api = caller(telegram.url);
  await telegram.control.say({ token, user: alice, text: "early" });
  expect((await api("getWebhookInfo")).result.pending_update_count).toBe(1);
  await api("setWebhook", { url: receiver.url });
  await telegram.control.idle();
  expect(receiver.received).toHaveLength(1);
  await api("deleteWebhook");
  await telegram.control.say({ token, user: alice, text: "dropped" });
  await api("setWebhook", { url: receiver.url, drop_pending_updates: true });
  await telegram.control.idle();
  expect(receiver.received).toHaveLength(1);
});

test("it lets in only allowed updates, by default no chat_member", async () => {
  await using telegram = await startFakeTelegram();
  await using receiver = startReceiver(ok);
  const api = caller(telegram.url);
  const joined = { chat: { id: -100, type: "supergroup", title: "VIP" }, date: 1, from: alice };
  await telegram.control.update({ token, update: { chat_member: joined } });
  expect(await telegram.control.delivered({ token })).toMatchObject([{ status: "filtered" }]);
  await api("setWebhook", { url: receiver.url, allowed_updates: ["callback_query"] });
  await telegram.control.say({ token, user: alice, text: "filtered" });
  await telegram.control.tap({ token, user: alice, message_id: 1, data: "x" });
  await telegram.control.idle();
  expect(receiver.received.map((update) => Object.keys(update)[1])).toEqual(["callback_query"]);
});

test("it retries a connection that is refused and one that stays silent", async () => {
  const timeline = jumpingTimeline();
  await using telegram = await startFakeTelegram({ timeline, responseTimeoutMs: 20 });
  const api = caller(telegram.url);
  const silence = Promise.withResolvers<Response>();
  await using receiver = startReceiver((_update, nth) => (nth === 1 ? silence.promise : ok()));
  await api("setWebhook", { url: receiver.url });
  await telegram.control.say({ token, user: alice, text: "hi" });
  await telegram.control.idle();
  expect((await api("getWebhookInfo")).result.last_error_message).toBe("Read timeout expired");
  silence.resolve(ok());
  const closed = Bun.serve({ port: 0, fetch: ok });
  const closedUrl = `http://127.0.0.1:${closed.port}/`;
  await closed.stop(true);
  await api("setWebhook", { url: closedUrl });
  await telegram.control.bot({ token, openChats: true });
  await telegram.control.tap({ token, user: alice, message_id: 1, data: "x" });
  await telegram.control.idle();
  expect((await api("getWebhookInfo")).result.last_error_message).toBe("Connection refused");
});
