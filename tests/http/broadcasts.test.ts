// Broadcasts at the API: made, shown, listed, paused, resumed and cancelled by their seller, and invisible to everybody else.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { askApi, openSeller, type Seller } from "../support/api.ts";
import { arrivals, type Crowd, openCrowd, outcomesOf, untilState } from "../support/broadcast.ts";
import { until } from "../support/until.ts";
import { OPENING_MS, openWorld, type Running, type World } from "../support/world.ts";

let world: World;
let one: Running;
let crowd: Crowd;
let ana: Seller;
let bob: Seller;
beforeAll(async () => {
  world = await openWorld();
  one = await world.start();
  crowd = await openCrowd(world, 40);
  ana = await openSeller(world, one, crowd.tenantId);
  bob = await openSeller(world, one, (await openCrowd(world, 1)).tenantId);
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose](), OPENING_MS);

const content = { text: "Oferta", buttons: [[{ text: "Ver", url: "https://example.com" }]] };

async function make(rate = 1): Promise<number> {
  const { status, body } = await ana.post("/broadcasts", { botId: crowd.bot.botId, content, rate });
  expect([status, body.recipients]).toEqual([201, 40]);
  return body.broadcastId as number;
}

test("made, it begins at once, is shown as it goes, and in the end says what became of everybody", async () => {
  const { status, body, headers } = await ana.post("/broadcasts", { botId: crowd.bot.botId, content });
  expect([status, headers.get("cache-control")]).toEqual([201, "no-store"]);
  expect(body).toEqual({ broadcastId: expect.any(Number), recipients: 40 });
  const path = `/broadcasts/${body.broadcastId}`;
  await until("it is done", async () => (await ana.get(path)).body.state === "done");
  const at = world.clock.now().toISOString();
  expect(await ana.get(path)).toMatchObject({
    status: 200,
    body: {
      ...{ id: body.broadcastId, botId: crowd.bot.botId, state: "done", reason: null, rate: limits.bulkPerSecond },
      ...{ total: 40, recipients: 40, sent: 40, refused: 0, unknown: 0, skipped: 0 },
      ...{ createdAt: at, finishedAt: at, content },
    },
  });
  expect(await arrivals(world, crowd)).toEqual(crowd.chats.map(() => 1));
});

test("paused, resumed and cancelled, each again and again the same; over, it is 409", async () => {
  const path = `/broadcasts/${await make()}`;
  const id = Number(path.split("/").at(-1)) as never;
  for (const [word, state] of [
    ["pause", "paused"],
    ["pause", "paused"],
    ["resume", "sending"],
    ["resume", "sending"],
    ["pause", "paused"],
    ["cancel", "cancelled"],
    ["cancel", "cancelled"],
  ]) {
    const { status, body } = await ana.post(`${path}/${word}`);
    expect([word, status, body.state]).toEqual([word, 200, state]);
  }
  await untilState(world, id, "cancelled");
  for (const word of ["pause", "resume"]) {
    const { status, body } = await ana.post(`${path}/${word}`);
    expect([status, body.detail]).toEqual([409, `Broadcast ${id} is cancelled: it cannot be changed any more.`]);
  }
  const { sent = 0 } = await outcomesOf(world, id);
  expect(sent).toBeLessThan(40);
});

test("listed, the newest first, page by page, without their content", async () => {
  const ids = [await make(), await make()];
  for (const id of ids) await ana.post(`/broadcasts/${id}/cancel`);
  const first = await ana.get("/broadcasts?limit=1");
  const second = await ana.get(`/broadcasts?limit=1&after=${first.body.next}`);
  const items = [first, second].flatMap(({ body }) => body.items as Record<string, unknown>[]);
  expect(items.map(({ id }) => id)).toEqual(ids.toReversed());
  expect(items[0]).not.toHaveProperty("content");
  expect(items[0]).toMatchObject({ state: "cancelled", total: 40 });
});

describe("another seller", () => {
  test("gets 404 for a bot and a broadcast that are not his, and an empty list", async () => {
    const path = `/broadcasts/${await make()}`;
    expect((await bob.post("/broadcasts", { botId: crowd.bot.botId, content })).status).toBe(404);
    expect((await bob.get(path)).status).toBe(404);
    for (const word of ["pause", "resume", "cancel"]) expect((await bob.post(`${path}/${word}`)).status).toBe(404);
    expect((await bob.get("/broadcasts")).body).toEqual({ items: [], next: null });
    expect((await ana.get(path)).body.state).toBe("sending");
    await ana.post(`${path}/cancel`);
  });

  test("without a key is 401, on every resource", async () => {
    for (const [method, path] of [
      ["POST", "/broadcasts"],
      ["GET", "/broadcasts"],
      ["GET", "/broadcasts/1"],
      ["POST", "/broadcasts/1/pause"],
      ["POST", "/broadcasts/1/resume"],
      ["POST", "/broadcasts/1/cancel"],
    ] as const)
      expect((await askApi(one, path, { method })).status).toBe(401);
  });

  test("and nobody: what is no broadcast is 404", async () => {
    for (const nobody of ["0", "abc", "999999"]) {
      expect((await ana.get(`/broadcasts/${nobody}`)).status).toBe(404);
      expect((await ana.post(`/broadcasts/${nobody}/pause`)).status).toBe(404);
    }
  });
});

test.each<[string, unknown, string]>([
  ["no object", [], "The body must be a JSON object."],
  ["no bot", { content }, "botId must be the number of a bot."],
  ["a bot's name", { botId: "1", content }, "botId must be the number of a bot."],
  ["no message", { botId: 1 }, "content must be the message."],
  ["too fast", { botId: 1, content, rate: 31 }, "rate must be a whole number of messages per second, from 1 to 30."],
  [
    "half a message",
    { botId: 1, content, rate: 0.5 },
    "rate must be a whole number of messages per second, from 1 to 30.",
  ],
  ["what is not there", { botId: 1, content, when: "now" }, 'There is no field "when" here.'],
  ["an empty message", { botId: 1, content: {} }, "A mensagem tem problemas: falta o texto ou a mídia."],
  [
    "two problems",
    { botId: 1, content: { text: "<b>Oi", buttons: [[{ text: "Mais", step: "mais" }]] } },
    `A mensagem tem problemas: o texto tem um erro de HTML: Can't find end tag corresponding to start tag "b"; botão 1: um disparo só tem botões que abrem um endereço (url).`,
  ],
])("400 for %s", async (_, body, detail) => {
  const answer = await ana.post("/broadcasts", body);
  expect([answer.status, answer.type, answer.body.detail]).toEqual([400, "application/problem+json", detail]);
});

test("400 for what is no JSON or a file that is not there, 413 for what is too long", async () => {
  const headers = { authorization: `Bearer ${ana.apiKey}` };
  const post = (body: string) => askApi(one, "/broadcasts", { method: "POST", headers, body });
  expect((await post("{")).body.detail).toBe("The body is not JSON.");
  expect((await post(" ".repeat(limits.apiBodyBytes + 1))).status).toBe(413);
  const media = { kind: "photo", source: { asset: "0".repeat(64) } };
  const { status, body } = await ana.post("/broadcasts", { botId: crowd.bot.botId, content: { media } });
  expect([status, body.detail]).toEqual([400, "mídia: o arquivo não foi enviado."]);
});
