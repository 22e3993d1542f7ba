// What an update leads to: tables of case → decision, and that deciding twice gives no second effect.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Funnel } from "#src/funnel/funnel.ts";
import { sealFunnel } from "#src/funnel/seal.ts";
import type { Customer, Decision } from "#src/inbox/line.ts";
import type { FunnelVersionId, MessageId } from "#src/kernel/ids.ts";
import { limits } from "#src/kernel/limits.ts";
import { cents } from "#src/kernel/money.ts";
import { decide, type FunnelVersion, type Scene } from "#src/telegram/decide.ts";
import type { Incoming, Person } from "#src/telegram/update.ts";

const STEP_KEY = "step".repeat(4);
const BUY_KEY = "buy_".repeat(4);
const funnel: Funnel = {
  name: "Teste",
  start: "oi",
  reply: "Recebi, {primeiro_nome}.",
  steps: [
    { id: "oi", kind: "message", text: "Oi, {primeiro_nome}!", next: "oferta" },
    {
      id: "oferta",
      kind: "message",
      text: "Quer?",
      buttons: [
        [{ text: "Mais", step: "mais" }],
        [{ text: "Quero", priceCents: cents(1990), deliver: { step: "mais" } }],
      ],
    },
    { id: "mais", kind: "message", text: "Aqui está mais." },
  ],
};
const keys = [STEP_KEY, BUY_KEY];
const version: FunnelVersion = { id: 3 as FunnelVersionId, funnel: sealFunnel(funnel, () => keys.shift() ?? "") };
const older: FunnelVersion = { ...version, id: 2 as FunnelVersionId };

const noon = Date.parse("2026-03-01T12:00:00Z");
const at = (ms: number) => new Date(noon + ms);
const stranger = {
  ...{ botId: 7, chatId: 501, funnelVersionId: null, stepId: null },
  ...{ startPayload: null, startedAt: null, answeredWhat: null, answeredAt: null, blockedAt: null, asked: null },
} as unknown as Customer;
const started: Customer = {
  ...stranger,
  ...{ funnelVersionId: version.id, stepId: "oferta", startPayload: "promo", startedAt: at(-60_000) },
};
const person = { chatId: 501, firstName: "Alice", lastName: "Souza", username: null, languageCode: null } as Person;
const alice: Person = { ...person, isPremium: false };
const said = { person: alice, messageId: 17 as MessageId, at: at(-1_000) };
const start = (payload: string | null = null): Incoming => ({ kind: "start", payload, ...said, text: "/start" });
const text = (text: string): Incoming => ({ kind: "text", ...said, text });
const tap = (key: string): Incoming => ({ kind: "tap", person: alice, callbackQueryId: "q1", key });

const sceneOf = (customer: Customer, more: Partial<Scene> = {}): Scene => ({
  ...{ customer, current: version, receivedAt: at(0), now: at(0), seal: (value: string) => `sealed:${value}` },
  ...more,
});

/** What the decision says to the person. */
const saysOf = ({ effects }: Decision) =>
  effects.flatMap((effect) => (effect.kind === "send" ? [effect.body.payload.text] : []));
const welcome = ["Oi, Alice!", "Quer?"];

describe("a start", () => {
  test("of a stranger welcomes him, and keeps his message and payload", () => {
    const decision = decide(start("promo"), sceneOf(stranger));
    expect(saysOf(decision)).toEqual(welcome);
    expect(decision.customer).toEqual({
      ...stranger,
      ...{ startedAt: at(0), startPayload: "promo", funnelVersionId: version.id, stepId: "oferta" },
    });
    expect(decision.message).toEqual({
      messageId: 17 as MessageId,
      kind: "text",
      body: "/start",
      fileId: null,
      at: at(-1_000),
    });
  });

  test.each([
    ["again within 5 s", limits.startRepeatMs - 1, []],
    ["at the same instant", 0, []],
    ["received a little before the last one (another process was faster)", -1_000, []],
    ["again after 5 s", limits.startRepeatMs, welcome],
  ])("%s", (_, afterMs, says) => {
    const customer = { ...started, startedAt: at(-afterMs) };
    const decision = decide(start(), sceneOf(customer));
    expect(saysOf(decision)).toEqual(says);
    expect(decision.message?.body).toBe("/start");
    expect(decision.customer?.startedAt).toEqual(says.length > 0 ? at(0) : at(-afterMs));
  });

  test("begins anew: the step, the answered text and a block are forgotten, the payload stays unless there is a new one", () => {
    const customer = { ...started, stepId: "mais", answeredWhat: "text:oi", answeredAt: at(-1), blockedAt: at(-1) };
    const decided = decide(start(), sceneOf({ ...customer, funnelVersionId: older.id })).customer;
    expect(decided).toEqual({ ...started, startedAt: at(0) });
    expect(decide(start("outra"), sceneOf(customer)).customer?.startPayload).toBe("outra");
  });

  test("of a bot without a funnel is kept and answered by nothing", () => {
    const { current: _, ...scene } = sceneOf(stranger);
    const decision = decide(start(), scene);
    expect(saysOf(decision)).toEqual([]);
    expect(decision.customer).toMatchObject({ startedAt: at(0), funnelVersionId: null, stepId: null });
  });
});

describe("a text", () => {
  test("of a stranger is a start; the same again within 3 s is answered by it, other words are not", () => {
    const decision = decide(text("oi"), sceneOf(stranger));
    expect(saysOf(decision)).toEqual(welcome);
    expect(decision.message?.body).toBe("oi");
    const scene = sceneOf(decision.customer ?? stranger, { receivedAt: at(1_000) });
    expect(saysOf(decide(text("oi"), scene))).toEqual([]);
    expect(saysOf(decide(text("olá"), scene))).toEqual(["Recebi, Alice."]);
  });

  test.each([
    ["gets the bot's reply", "oi", null, 0, ["Recebi, Alice."]],
    ["the same within 3 s is answered once", "oi", "text:oi", limits.sameTextMs - 1, []],
    ["the same after 3 s is answered again", "oi", "text:oi", limits.sameTextMs, ["Recebi, Alice."]],
    ["another one within 3 s is answered", "olá", "text:oi", 100, ["Recebi, Alice."]],
  ])("%s", (_, words, answeredWhat, agoMs, says) => {
    const customer = { ...started, answeredWhat, answeredAt: answeredWhat === null ? null : at(-agoMs) };
    const decision = decide(text(words), sceneOf(customer));
    expect(saysOf(decision)).toEqual(says);
    expect(decision.message?.body).toBe(words);
    expect(decision.customer?.stepId).toBe("oferta");
  });

  test("a medium is kept with its file_id and answered like a text", () => {
    const photo: Incoming = { kind: "media", media: "photo", fileId: "p1", ...said, text: "" };
    const decision = decide(photo, sceneOf(started));
    expect(saysOf(decision)).toEqual(["Recebi, Alice."]);
    expect(decision.message).toMatchObject({ kind: "photo", fileId: "p1", body: null });
  });

  test("shows that the person is back: a block is over", () => {
    expect(decide(text("oi"), sceneOf({ ...started, blockedAt: at(-1) })).customer?.blockedAt).toBeNull();
  });
});

describe("a tap", () => {
  const tapped = (customer: Customer, more: Partial<Scene> = {}) => sceneOf(customer, { tapped: older, ...more });

  test("goes on in the version in which the button stands", () => {
    const decision = decide(tap(STEP_KEY), tapped(started));
    expect(saysOf(decision)).toEqual(["Aqui está mais."]);
    expect(decision.courtesy).toEqual({ callbackQueryId: "q1" });
    expect(decision.customer).toMatchObject({ funnelVersionId: older.id, stepId: "mais", startedAt: at(-60_000) });
    expect(decision.message).toBeUndefined();
  });

  test.each([
    ["again within 3 s", limits.sameTextMs - 1, []],
    ["again after 3 s", limits.sameTextMs, ["Aqui está mais."]],
  ])("%s: the waiting sign is stopped each time", (_, agoMs, says) => {
    const customer = { ...started, answeredWhat: `tap:${STEP_KEY}`, answeredAt: at(-agoMs) };
    const decision = decide(tap(STEP_KEY), tapped(customer));
    expect(saysOf(decision)).toEqual(says);
    expect(decision.courtesy).toEqual({ callbackQueryId: "q1" });
  });

  test.each([
    ["of a button that no version knows", STEP_KEY, {}, "Este botão não vale mais. Envie /start para recomeçar."],
    [
      "of a key that the version does not hold",
      "x",
      { tapped: older },
      "Este botão não vale mais. Envie /start para recomeçar.",
    ],
  ])("%s is answered with a sentence and changes nothing", (_, key, more, sentence) => {
    const decision = decide(tap(key), sceneOf(started, more));
    expect(decision).toEqual({
      outcome: "processed",
      effects: [],
      courtesy: { callbackQueryId: "q1", text: sentence },
    });
  });

  test.each([
    ["of an offer asks for its charge", BUY_KEY, { tapped: version }, "checkout", "🔄 Gerando seu pagamento…"],
    ["of a charge asks whether it is paid", "c".repeat(22), {}, "verify", "🔍 Verificando seu pagamento…"],
  ] as const)("%s, once", (_, key, more, ask, text) => {
    const decision = decide(tap(key), sceneOf(started, more));
    expect(decision.effects).toEqual([{ kind: "payment", policy: "reply", body: { ask, key } }]);
    expect(decision.courtesy).toEqual({ callbackQueryId: "q1", text });
    const again = sceneOf(decision.customer as Customer, { ...more, receivedAt: at(2_999), now: at(2_999) });
    expect(decide(tap(key), again).effects).toEqual([]);
  });

  test.each([
    [limits.callbackAgeMs, "processed", 1],
    [limits.callbackAgeMs + 1, "ignored", 0],
  ] as const)("that waited %p ms is %s", (waitedMs, outcome, effects) => {
    const decision = decide(tap(STEP_KEY), tapped(started, { now: at(waitedMs) }));
    expect([decision.outcome, decision.effects.length]).toEqual([outcome, effects]);
    expect(decision.courtesy === undefined).toBe(outcome === "ignored");
  });

  test("of somebody whose start we never saw begins his time with us, but is no start", () => {
    expect(decide(tap(STEP_KEY), tapped(stranger)).customer).toMatchObject({ startedAt: null, stepId: "mais" });
  });
});

test.each([
  [true, at(0)],
  [false, null],
])("a membership sets and clears the block: %p", (blocked, blockedAt) => {
  const decision = decide({ kind: "member", person: alice, blocked }, sceneOf({ ...started, blockedAt: at(-5) }));
  // Who is back gets what could not be delivered meanwhile.
  const effects = blocked ? [] : [{ kind: "payment", policy: "reply", body: { ask: "redeliver" } } as const];
  expect(decision).toEqual({ outcome: "processed", customer: { ...started, blockedAt }, effects });
});

test("what is ignored changes nothing", () => {
  expect(decide({ kind: "ignored", why: "poll" }, sceneOf(started))).toEqual({ outcome: "ignored", effects: [] });
});

const incoming = fc.oneof(
  fc.constantFrom(start(), start("promo"), tap(STEP_KEY), tap(BUY_KEY), tap("x")),
  fc.constantFrom("oi", "olá", "x".repeat(4_096)).map(text),
  fc.boolean().map((blocked): Incoming => ({ kind: "member", person: alice, blocked })),
);
const moment = fc.option(fc.integer({ min: -20_000, max: 20_000 }).map(at), { nil: null });
const customer = fc.record({
  ...{ startedAt: moment, answeredAt: moment, blockedAt: moment },
  answeredWhat: fc.constantFrom(null, "text:oi", `tap:${STEP_KEY}`),
});

test("deciding the same again gives no second effect, and changes neither what it was given nor its mind", () => {
  fc.assert(
    fc.property(incoming, customer, fc.integer({ min: 0, max: 2_999 }), (incoming, state, laterMs) => {
      const scene = sceneOf({ ...stranger, ...state }, { tapped: version });
      const { seal, ...plain } = scene;
      const before = structuredClone(plain);
      const first = decide(incoming, scene);
      expect(scene).toEqual({ ...before, seal });
      expect(decide(incoming, scene)).toEqual(first);
      const again = { ...scene, customer: first.customer ?? scene.customer, receivedAt: at(laterMs), now: at(laterMs) };
      // What an earlier one had answered may be due again by then; a delivery that is made up for is no answer.
      const isAnswered = first.effects.some(({ kind, body }) => kind !== "payment" || body.ask !== "redeliver");
      if (laterMs === 0 || isAnswered) expect(decide(incoming, again).effects).toEqual([]);
    }),
  );
});
