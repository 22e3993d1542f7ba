// Files: uploads and addresses become ids; an id counts for one bot and one kind; what was uploaded can be downloaded.

import { expect, test } from "bun:test";
import { startFakeTelegram } from "../../src/fake-telegram/server.ts";
import { alice, caller, token } from "./support.ts";

const chat_id = alice.id;
type Sizes = { file_id: string; file_unique_id: string }[];

async function start() {
  const telegram = await startFakeTelegram();
  await telegram.control.say({ token, user: alice, text: "/start" });
  return telegram;
}

test("an upload gets ids that stay the same, and its bytes come back", async () => {
  await using telegram = await start();
  const api = caller(telegram.url);
  const form = new FormData();
  form.set("chat_id", String(chat_id));
  form.set("photo", new File(["picture"], "a.jpg", { type: "image/jpeg" }));
  const { result } = await api("sendPhoto", form);
  const sizes = result.photo as Sizes;
  expect(sizes).toHaveLength(4);
  const again = await api("sendPhoto", { chat_id, photo: sizes[3]?.file_id });
  expect(again.result.photo).toEqual(sizes);
  const file = await api("getFile", { file_id: sizes[3]?.file_id });
  const download = await fetch(`${telegram.url}/file/bot${token}/${file.result.file_path}`);
  expect(await download.text()).toBe("picture");
  const [call] = await telegram.control.calls({ method: "sendPhoto" });
  expect(call?.payload.photo).toEqual({ name: "a.jpg", size: 7 });
});

test("a file_id is refused for another bot and for another kind; the unique id is shared", async () => {
  await using telegram = await start();
  const other = "222222:other_bot";
  await telegram.control.say({ token: other, user: alice, text: "/start" });
  const photo = "https://example.com/a.jpg";
  const mine = (await caller(telegram.url)("sendPhoto", { chat_id, photo })).result.photo as Sizes;
  const theirs = (await caller(telegram.url, other)("sendPhoto", { chat_id, photo })).result.photo as Sizes;
  expect(theirs[0]?.file_unique_id).toBe(mine[0]?.file_unique_id ?? "");
  expect(theirs[0]?.file_id).not.toBe(mine[0]?.file_id ?? "");
  const wrong = { status: 400, description: "Bad Request: wrong file identifier/HTTP URL specified" };
  const id = mine[0]?.file_id;
  expect(await caller(telegram.url, other)("sendPhoto", { chat_id, photo: id })).toMatchObject(wrong);
  expect(await caller(telegram.url)("sendVideo", { chat_id, video: id })).toMatchObject(wrong);
});

test("an address can be made to fail, and to work again", async () => {
  await using telegram = await start();
  const api = caller(telegram.url);
  const photo = "https://example.com/a.jpg";
  await telegram.control.fileUrl({ url: photo, failing: true });
  expect(await api("sendPhoto", { chat_id, photo })).toMatchObject({
    status: 400,
    description: "Bad Request: failed to get HTTP URL content",
  });
  await telegram.control.fileUrl({ url: photo, failing: false });
  expect(await api("sendPhoto", { chat_id, photo })).toMatchObject({ ok: true });
});

test("an album is sent whole with attached uploads, or not at all", async () => {
  await using telegram = await start();
  const api = caller(telegram.url);
  const album = (second: object) => {
    const form = new FormData();
    form.set("chat_id", String(chat_id));
    form.set("media", JSON.stringify([{ type: "photo", media: "attach://one", caption: "first" }, second]));
    form.set("one", new File(["1"], "1.jpg"));
    return form;
  };
  const sent = await api("sendMediaGroup", album({ type: "video", media: "https://example.com/v.mp4" }));
  const messages = sent.result as unknown as Record<string, unknown>[];
  expect(messages).toMatchObject([{ message_id: 2, caption: "first" }, { message_id: 3 }]);
  expect(messages[0]?.media_group_id).toBe(messages[1]?.media_group_id ?? "");
  expect(await api("sendMediaGroup", album({ type: "document", media: "https://example.com/d" }))).toMatchObject({
    description: "Bad Request: document can't be mixed with other media types",
  });
  const next = await api("sendMessage", { chat_id, text: "x" });
  expect(next.result.message_id).toBe(4);
});

test("a user's photo is known to the bot that got it", async () => {
  await using telegram = await start();
  const photo = [{ file_id: "user-photo", file_unique_id: "u1", width: 1, height: 1 }];
  await telegram.control.say({ token, user: alice, message: { photo, caption: "proof" } });
  expect(await caller(telegram.url)("sendPhoto", { chat_id, photo: "user-photo" })).toMatchObject({ ok: true });
});
