// What every gateway must make of notices: authentic ones lead to their charge, forged ones are known as such, junk never throws.

import { describe, expect } from "bun:test";
import fc from "fast-check";
import type { Charged, ChargeHint, Hint, RawNotice } from "#src/payments/gateways/gateway.ts";
import { fakes } from "./fakes/index.ts";
import { leavesOf, parsedBody, replaced, type Stage, stageTestOf } from "./stage.ts";

for (const fake of fakes) {
  describe(fake.kind, () => {
    const stageTest = stageTestOf(fake);

    stageTest("an authentic notice is not taken for a forgery, and leads to its charge", async (stage) => {
      const { input, charged } = await stage.charge();
      stage.fake.happen(charged, { what: "paid" });
      const notice = stage.fake.notice(charged);
      expect(["authentic", "unsigned"]).toContain(verdictOf(stage, notice));
      const hints = read(stage, notice).filter((hint) => hint.about === "charge");
      expect(hints).toHaveLength(1);
      const [hint] = hints as ChargeHint[];
      expect([null, charged.gatewayId]).toContain(hint?.gatewayId ?? null);
      expect([null, input.reference]).toContain(hint?.reference ?? null);
      expect(hint?.gatewayId ?? hint?.reference).toBeString();
      if (charged.noticeToken !== undefined) expect(hint?.token).toBe(charged.noticeToken);
    });

    stageTest("every forged notice is known as forged", async (stage) => {
      const { charged } = await stage.charge();
      stage.fake.happen(charged, { what: "paid" });
      for (const { wrong, notice } of stage.fake.forged(charged))
        expect([wrong, isForged(stage, charged, notice)]).toEqual([wrong, true]);
    });

    stageTest("a notice of which a byte of the body or a header is missing never throws", async (stage) => {
      const { charged } = await stage.charge();
      const notice = stage.fake.notice(charged);
      for (const name of Object.keys(notice.headers)) {
        const { [name]: _, ...headers } = notice.headers;
        expect(["authentic", "forged", "unsigned"]).toContain(verdictOf(stage, { ...notice, headers }));
      }
      for (const body of [notice.body.slice(1), new Uint8Array(), new Uint8Array([0xff, 0xfe, 0x00])])
        expect(["authentic", "forged", "unsigned"]).toContain(verdictOf(stage, { ...notice, body }));
    });

    stageTest("junk is no charge or somebody's, and never throws", async (stage) => {
      const { charged } = await stage.charge();
      const notice = stage.fake.notice(charged);
      const anyNotice = fc.record({ body: fc.uint8Array(), headers: junkHeaders(notice), query: junkQuery });
      fc.assert(
        fc.property(junkLike(parsedBody(notice)), anyNotice, (value, raw) => {
          expectHints(stage.gateway.webhook.read(value, raw));
          expect(["authentic", "forged", "unsigned"]).toContain(verdictOf(stage, raw));
        }),
        { numRuns: 500 },
      );
    });

    stageTest("JSON of a thousand levels never throws", async (stage) => {
      const { charged } = await stage.charge();
      const notice = stage.fake.notice(charged);
      const genuine = parsedBody(notice);
      for (const opening of [
        "[",
        ...['{"data":', '{"pix":[', '{"transaction":', '{"charge":', '{"payment":', '{"id":'],
      ]) {
        const closing = opening.replaceAll(/[^[{]/g, "").replaceAll("[", "]").replaceAll("{", "}");
        const turned = [...closing].toReversed().join("");
        const deep = JSON.parse(`${opening.repeat(1_000)}1${turned.repeat(1_000)}`);
        expectHints(stage.gateway.webhook.read(deep, notice));
        for (const { path } of leavesOf(genuine))
          expectHints(stage.gateway.webhook.read(replaced(genuine, path, deep), notice));
      }
    });
  });
}

const verdictOf = ({ gateway, fake }: Stage, notice: RawNotice) =>
  gateway.webhook.verify(notice, fake.credentials as never, new Date());

const read = ({ gateway }: Stage, notice: RawNotice): Hint[] => gateway.webhook.read(parsedBody(notice), notice);

/** By its verdict, or because no hint in it carries the charge's own secret. */
function isForged(stage: Stage, { noticeToken }: Charged, notice: RawNotice): boolean {
  if (verdictOf(stage, notice) === "forged") return true;
  if (noticeToken === undefined) return false;
  return read(stage, notice).every((hint) => hint.about === "other" || hint.token !== noticeToken);
}

function expectHints(hints: Hint[]): void {
  expect(hints).toBeArray();
  for (const hint of hints) {
    if (hint.about === "other") continue;
    const { gatewayId, reference, token } = hint;
    for (const text of [gatewayId, reference]) expect(text === null || typeof text === "string").toBe(true);
    expect(gatewayId ?? reference).toBeString();
    expect(["string", "undefined"]).toContain(typeof token);
  }
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    "",
    "%",
    "constructor",
    "r000001k4m8w2q6z0x1c3v5b7n9a2s4d",
    -1,
    1e21,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(fc.string(), fc.string()),
);

/** Junk, or the genuine value with junk in one place. */
function junkLike(genuine: unknown): fc.Arbitrary<unknown> {
  const places = leavesOf(genuine).flatMap(({ path }) => path.map((_, index) => path.slice(0, index + 1)));
  const spoiled = fc.tuple(fc.constantFrom(...places), junk).map(([place, value]) => replaced(genuine, place, value));
  return fc.oneof(junk, spoiled, spoiled);
}

/** The genuine notice's header names with other values, some without any. */
const junkHeaders = ({ headers }: RawNotice): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(fc.constantFrom("authorization", "event", ...Object.keys(headers)), fc.string());

const junkQuery = fc.dictionary(fc.constantFrom("id", "data.id", "type", "topic", "hmac"), fc.string());
