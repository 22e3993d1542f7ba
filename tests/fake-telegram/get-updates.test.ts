// Long polling: pages, confirmation by offset, waiting, and the three conflicts.

import { expect, test } from "bun:test";
import { startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, caller, token, until } from "./support.ts";

test("it gives what is pending until an offset confirms it", async () => {
  await using telegram = await startFakeTelegram();
  const api = caller(telegram.url);
  const first = await telegram.control.say({ token, user: alice, text: "one" });
  await telegram.control.say({ token, user: alice, text: "two" });
  expect((await api("getUpdates", { limit: 1 })).result).toHaveLength(1);
  expect((await api("getUpdates")).result).toHaveLength(2);
  const left = await api("getUpdates", { offset: first.update_id + 1 });
  expect(left.result).toMatchObject([{ update_id: first.update_id + 1, message: { text: "two" } }]);
  expect(await telegram.control.delivered({ token })).toMatchObject([
    { status: "confirmed", attempts: 2 },
    { status: "pending", attempts: 2 },
  ]);
  expect((await api("getUpdates", { offset: first.update_id + 2 })).result).toHaveLength(0);
  expect(await telegram.control.idle()).toEqual({ idle: true });
});

test("it waits for the first update", async () => {
  await using telegram = await startFakeTelegram();
  const poll = caller(telegram.url)("getUpdates", { timeout: 30 });
  await until(async () => (await telegram.control.calls()).length === 1);
  await telegram.control.say({ token, user: alice, text: "late" });
  expect((await poll).result).toMatchObject([{ message: { text: "late" } }]);
});

test("409: a webhook is set, another getUpdates comes, setWebhook comes", async () => {
  await using telegram = await startFakeTelegram();
  const api = caller(telegram.url);
  const older = api("getUpdates", { timeout: 30 });
  await until(async () => (await telegram.control.calls()).length === 1);
  const newer = api("getUpdates", { timeout: 30 });
  expect(await older).toMatchObject({
    status: 409,
    description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
  });
  await api("setWebhook", { url: "https://example.com/hook" });
  expect(await newer).toMatchObject({ status: 409, description: "Conflict: terminated by setWebhook request" });
  expect(await api("getUpdates")).toMatchObject({
    status: 409,
    description:
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  });
});

test("a poll whose caller left takes nothing", async () => {
  await using telegram = await startFakeTelegram();
  const leave = new AbortController();
  const left = fetch(`${telegram.url}/bot${token}/getUpdates?timeout=30`, { signal: leave.signal });
  await until(async () => (await telegram.control.calls()).length === 1);
  leave.abort();
  await expect(left).rejects.toThrow();
  expect(await telegram.control.wait({ method: "getUpdates" })).toMatchObject({ complete: true });
  await telegram.control.say({ token, user: alice, text: "later" });
  expect(await telegram.control.delivered({ token })).toMatchObject([{ attempts: 0 }]);
});
