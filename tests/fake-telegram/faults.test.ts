// Faults on order: each kind, for whom, how often.

import { expect, test } from "bun:test";
import { createFaultBook } from "../../src/fake-telegram/faults.ts";
import { startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, bob, caller, token } from "./support.ts";

const send = { chat_id: alice.id, text: "x" };

async function start() {
  const telegram = await startFakeTelegram();
  await telegram.control.say({ token, user: alice, text: "/start" });
  return { telegram, api: caller(telegram.url), [Symbol.asyncDispose]: () => telegram[Symbol.asyncDispose]() };
}

test("refusals look like Telegram's", async () => {
  await using fake = await start();
  const { fault } = fake.telegram.control;
  await fault({ kind: "429", retry_after: 7, times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({
    status: 429,
    description: "Too Many Requests: retry after 7",
    parameters: { retry_after: 7 },
  });
  await fault({ kind: "5xx", times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({ status: 502, description: "Bad Gateway" });
  await fault({ kind: "403", times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({ status: 403 });
  await fault({ kind: "401", times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({ status: 401, description: "Unauthorized" });
  await fault({ kind: "400", description: "Bad Request: as ordered", times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({ status: 400, description: "Bad Request: as ordered" });
  await fault({ kind: "migrate", migrate_to_chat_id: -1007, times: 1 });
  expect(await fake.api("sendMessage", send)).toMatchObject({ parameters: { migrate_to_chat_id: -1007 } });
  expect(await fake.api("sendMessage", send)).toMatchObject({ ok: true, result: { message_id: 2 } });
});

test("a reset has no effect, a lost answer has one; both cut the connection", async () => {
  await using fake = await start();
  await fake.telegram.control.fault({ kind: "reset", times: 1 });
  await expect(fake.api("sendMessage", send)).rejects.toThrow();
  await fake.telegram.control.wait({ method: "sendMessage", count: 1 });
  await fake.telegram.control.fault({ kind: "lost", times: 1 });
  await expect(fake.api("sendMessage", send)).rejects.toThrow();
  const { calls } = await fake.telegram.control.wait({ method: "sendMessage", count: 2 });
  expect(calls.map((call) => call.outcome)).toEqual([
    { ok: false, fault: "reset" },
    { ok: true, message_id: 2, fault: "lost" },
  ]);
  expect((await fake.telegram.control.sends()).sends).toHaveLength(1);
});

test("a hanging call never answers until its caller leaves", async () => {
  await using fake = await start();
  await fake.telegram.control.fault({ kind: "hang", times: 1 });
  const leave = new AbortController();
  const hanging = fetch(`${fake.telegram.url}/bot${token}/getMe`, { signal: leave.signal });
  await fake.telegram.control.wait({ method: "getMe" });
  leave.abort();
  await expect(hanging).rejects.toThrow();
  await fake.telegram.control.fault({ kind: "hang", ms: 1, times: 1 });
  await expect(fake.api("getMe")).rejects.toThrow();
});

test("a fault strikes only whom it names, until it is taken back", async () => {
  await using fake = await start();
  await fake.telegram.control.say({ token, user: bob, text: "/start" });
  const { id } = await fake.telegram.control.fault({ kind: "429", method: "sendmessage", chat_id: bob.id });
  expect(await fake.api("sendMessage", send)).toMatchObject({ ok: true });
  expect(await fake.api("sendChatAction", { chat_id: bob.id, action: "typing" })).toMatchObject({ ok: true });
  for (let times = 0; times < 3; times++) {
    expect(await fake.api("sendMessage", { ...send, chat_id: bob.id })).toMatchObject({ status: 429 });
  }
  await fake.telegram.control.clearFault(id);
  expect(await fake.api("sendMessage", { ...send, chat_id: bob.id })).toMatchObject({ ok: true });
});

test("latencies add up beside another fault; a probability decides by the given numbers", () => {
  const numbers = [0.2, 0.8];
  const book = createFaultBook(() => numbers.shift() ?? 1);
  book.add({ kind: "latency", ms: 5 });
  book.add({ kind: "latency", ms: 7 });
  book.add({ kind: "5xx", probability: 0.5 });
  expect(book.strike(token, "getMe", null)).toMatchObject({ latencyMs: 12, fault: { kind: "5xx" } });
  expect(book.strike(token, "getMe", null)).toEqual({ latencyMs: 12 });
});
