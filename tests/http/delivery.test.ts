// The page of what was bought: what it shows, what it lets nobody do, and when it is gone.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Funnel } from "#src/funnel/funnel.ts";
import { hashToken, newToken } from "#src/kernel/secret.ts";
import { OPENING_MS, openWorld, type Running, type TestBot, type World } from "../support/world.ts";

const CHAT = 1;
const TEXT =
  "Oi, {primeiro_nome}! <b>Seu <i>curso</i></b> &lt;script&gt;alert(1)&lt;/script&gt;\n" +
  '<a href="https://example.com/?a=1&amp;b=2">aqui</a>, <a href="tg://user?id=1">Bob</a>, <tg-spoiler>senha</tg-spoiler>, ' +
  "https://example.com/x?y=1&amp;z=2. <code>https://example.com/code</code>";

const product = (text: string, deliver: object) => [{ text, priceCents: 1990, product: `Guia <${text}>`, deliver }];
const funnel = {
  name: "Loja",
  start: "oferta",
  steps: [
    {
      ...{ id: "oferta", kind: "message", text: "Quer?" },
      buttons: [
        product("link", { link: "https://example.com/guia?a=1&b=2" }),
        product("text", { text: TEXT }),
        product("media", { text: "Ouça.", media: { kind: "audio", source: { url: "https://example.com/a.mp3" } } }),
        product("step", { step: "fim" }),
      ],
    },
    { id: "fim", kind: "message", text: "Fim." },
  ],
} as unknown as Funnel;

let world: World;
let one: Running;
let bot: TestBot;
let username = "";

beforeAll(async () => {
  world = await openWorld();
  one = await world.start();
  bot = await world.addBot(funnel);
  const [row] = await world.sql`SELECT username FROM bot WHERE id = ${bot.botId}`;
  username = row?.username;
  await bot.write(one, CHAT, "/start", {});
  await one.settle();
}, OPENING_MS);
afterAll(() => world[Symbol.asyncDispose]());

/** A paid order of the product on the `nth` button, and the token of its delivery. */
async function deliver(nth: number, state = "sent"): Promise<{ token: string; orderId: number }> {
  const token = newToken();
  const now = world.clock.now();
  const [order] = await world.sql`
    INSERT INTO orders (tenant_id, bot_id, chat_id, offer_id, state, wanted_at, opened_at, paid_at)
    SELECT bot.tenant_id, bot.id, ${CHAT}::bigint, offer.id, 'paid', ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
    FROM bot JOIN offer ON offer.bot_id = bot.id WHERE bot.id = ${bot.botId} ORDER BY offer.id OFFSET ${nth} LIMIT 1
    RETURNING id, offer_id`;
  await world.sql`INSERT INTO order_item (order_id, n, offer_id) VALUES (${order?.id}, 0, ${order?.offer_id})`;
  await world.sql`
    INSERT INTO delivery (order_id, n, bot_id, chat_id, token_hash, token_sealed, expires_at, state, created_at)
    VALUES (${order?.id}, 0, ${bot.botId}, ${CHAT}, ${hashToken(token)}, 'x', ${new Date(now.getTime() + 60_000)}, ${state}, ${now})`;
  return { token, orderId: order?.id };
}

async function open(token: string, method = "GET") {
  const response = await fetch(`${one.http.url}/delivery/${token}`, { method });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

async function openedAt(orderId: number): Promise<Date | null> {
  const [row] = await world.sql`SELECT opened_at FROM delivery WHERE order_id = ${orderId}`;
  return row?.opened_at;
}

describe("what it shows", () => {
  test("product, order and a button to the link, all escaped", async () => {
    const { token, orderId } = await deliver(0);
    const { status, html } = await open(token);
    expect(status).toBe(200);
    expect(html).toStartWith("<!doctype html>");
    expect(html).toContain('<html lang="pt-BR">');
    expect(html).toContain("<h1>Guia &lt;link&gt;</h1>");
    expect(html).toContain(`Pedido nº ${orderId}<`);
    expect(html).toMatch(
      /<a href="https:\/\/example\.com\/guia\?a=1&amp;b=2" rel="noopener noreferrer nofollow" class="button">Acessar<\/a>/,
    );
  });

  test("a text as safe HTML, with the buyer's name", async () => {
    const { html } = await open((await deliver(1)).token);
    expect(html).toContain("Oi, Alice! <b>Seu <i>curso</i></b> &lt;script&gt;alert(1)&lt;/script&gt;\n");
    expect(html).toContain('<a href="https://example.com/?a=1&amp;b=2" rel="noopener noreferrer nofollow">aqui</a>');
    expect(html).toContain('<span class="spoiler" tabindex="0">senha</span>');
    expect(html).toContain(
      '<a href="https://example.com/x?y=1&amp;z=2" rel="noopener noreferrer nofollow">https://example.com/x?y=1&amp;z=2</a>. ',
    );
    expect(html).toContain("<code>https://example.com/code</code>");
    expect(html).not.toContain("<script");
  });

  test.each([
    [2, "Ouça."],
    [3, "Seu acesso está na conversa do bot."],
  ])("a medium or a sequence is in the chat (%d)", async (nth, text) => {
    const { html } = await open((await deliver(nth)).token);
    expect(html).toContain(text);
    expect(html).toContain("Seu acesso está na conversa do bot.");
    expect(html).toContain(`href="https://t.me/${username}"`);
  });

  test("what has not arrived in the chat is here all the same", async () => {
    for (const state of ["queued", "failed"]) expect((await open((await deliver(0, state)).token)).status).toBe(200);
  });
});

test("nothing runs in it, nothing is loaded, nothing is kept or told", async () => {
  const { token } = await deliver(1);
  const { headers, html } = await open(token);
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? "";
  const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
  expect(policy).toContain(`'sha256-${hash}'`);
  expect(Object.fromEntries(headers)).toMatchObject({
    ...{ "content-type": "text/html; charset=utf-8", "referrer-policy": "no-referrer", "cache-control": "no-store" },
    ...{ "x-content-type-options": "nosniff", "x-robots-tag": "noindex, nofollow, noarchive" },
  });
  expect(headers.get("set-cookie")).toBeNull();
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  expect(html).not.toMatch(/\s(src|on\w+|style)=|<(img|link|iframe|object|script)\b|@import|url\(/i);
  expect(html).not.toContain(token);
});

describe("the first opening", () => {
  test("is written down, and stays", async () => {
    const { token, orderId } = await deliver(0);
    const first = world.clock.now();
    await open(token);
    world.clock.advance(1_000);
    await open(token);
    expect(await openedAt(orderId)).toEqual(first);
  });

  test("is no HEAD, which answers the same headers", async () => {
    const { token, orderId } = await deliver(0);
    const head = await open(token, "HEAD");
    expect([head.status, head.html]).toEqual([200, ""]);
    expect(await openedAt(orderId)).toBeNull();
    const got = await open(token);
    for (const name of ["content-type", "content-security-policy", "cache-control", "referrer-policy"])
      expect(head.headers.get(name)).toBe(got.headers.get(name));
    expect((await open(newToken(), "HEAD")).status).toBe(404);
  });
});

describe("what is not there", () => {
  test.each([
    "a".repeat(43),
    "a",
    "a".repeat(42),
    "a".repeat(44),
    "a".repeat(5_000),
    "%00",
    "%27%20OR%201=1",
    "..%2f1",
  ])("404 as a page for %s", async (token) => {
    const { status, headers, html } = await open(token);
    expect([status, headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(html).toContain("Página não encontrada");
    if (token.length > 40) expect(html).not.toContain(token);
  });

  test("a token that differs in one letter, or has one more", async () => {
    const { token } = await deliver(0);
    const other = (token.startsWith("A") ? "B" : "A") + token.slice(1);
    for (const wrong of [other, `${token}A`, token.slice(0, -1), token.toLowerCase()])
      expect((await open(wrong)).status).toBe(404);
  });

  test("410 once it is revoked", async () => {
    const { token, orderId } = await deliver(0, "revoked");
    const { status, html } = await open(token);
    expect(status).toBe(410);
    expect(html).toContain("acesso foi encerrado");
    expect(html).not.toContain("example.com/guia");
    expect(await openedAt(orderId)).toBeNull();
  });

  test("410 when its time is over, to the millisecond", async () => {
    const { token } = await deliver(0);
    world.clock.advance(59_999);
    expect((await open(token)).status).toBe(200);
    world.clock.advance(1);
    const { status, html } = await open(token);
    expect(status).toBe(410);
    expect(html).toContain("Acesso encerrado");
    expect(html).not.toContain("example.com/guia");
  });
});
