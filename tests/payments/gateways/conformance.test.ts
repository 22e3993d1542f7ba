// What every gateway must do the same way, run over all of them against their fakes: credentials, charges, states, refunds.
// Its siblings: conformance-faults.test.ts (what goes wrong) and conformance-notices.test.ts.

import { describe, expect, test } from "bun:test";
import { type Cents, cents, toDecimal } from "#src/kernel/money.ts";
import type { ChargeInput, Report } from "#src/payments/gateways/gateway.ts";
import { gateways } from "#src/payments/gateways/index.ts";
import type { Happening } from "./fake.ts";
import { fakes } from "./fakes/index.ts";
import { errorOf, leavesOf, type Stage, stageTestOf } from "./stage.ts";

test("every gateway of the list has a fake", () => {
  // Stars are no HTTP API of a vendor's: their suite stands with Telegram's.
  const tested = gateways.map(({ kind }) => kind).filter((kind) => kind !== "telegram_stars");
  expect(fakes.map(({ kind }) => kind).toSorted()).toEqual(tested.toSorted());
});

/** The report of a charge after this happened to it; undefined where the vendor has no such state. */
async function reportAfter(stage: Stage, ...happenings: Happening[]): Promise<Report | undefined> {
  const { input, charged } = await stage.charge();
  for (const happening of happenings) if (!stage.fake.happen(charged, happening)) return undefined;
  const report = await askFor(stage, charged.gatewayId, input);
  expect(report.gatewayId).toBe(charged.gatewayId);
  return report;
}

const askFor = ({ gateway, api }: Stage, gatewayId: string | null, { reference }: ChargeInput) =>
  gateway.status({ gatewayId, reference }, api() as never);

/** All that was sent since the fake had so many requests: bodies, paths and headers. */
const sentSince = ({ fake }: Stage, count = 0) => leavesOf(fake.requests.slice(count));

for (const fake of fakes) {
  describe(fake.kind, () => {
    const stageTest = stageTestOf(fake);

    stageTest("the form of credentials says in Portuguese what each is, and which are secret", async ({ gateway }) => {
      const { properties, additionalProperties } = gateway.credentials;
      expect(additionalProperties).toBe(false);
      expect(Object.keys(properties)).toContain("baseUrl");
      for (const { title, description } of Object.values(properties))
        expect([typeof title, typeof description]).toEqual(["string", "string"]);
      expect(Object.values(properties).some(({ secret }) => secret === true)).toBe(true);
    });

    stageTest("check passes with good credentials and fails with wrong ones", async ({ gateway, fake, api }) => {
      await gateway.check(api() as never);
      const error = await errorOf(gateway.check(api({ credentials: fake.wrongCredentials }) as never));
      expect(error.meaning).toBe("credentials");
    });

    stageTest("charges exactly the amount asked for", async (stage) => {
      const { minAmount } = stage.gateway;
      for (const amount of [1990, 10, minAmount, 123_456_789].filter((one) => one >= minAmount).map(cents)) {
        const before = stage.fake.requests.length;
        const { input, charged } = await stage.charge({ amount });
        const report = await askFor(stage, charged.gatewayId, input);
        expect(report).toMatchObject({ gatewayId: charged.gatewayId, state: "pending", amount, currency: "BRL" });
        expect([null, input.reference]).toContain(report.reference);
        expect(sentSince(stage, before).some(({ value }) => isAmount(value, amount))).toBe(true);
        expect(charged.brCode).toStartWith("000201");
      }
    });

    stageTest("passes the address for notices on, where a charge may have one", async (stage) => {
      const noticeUrl = "https://bots.example.com/webhooks/gateways/uma-conta/uma-cobranca";
      await stage.charge({ noticeUrl });
      const isSent = sentSince(stage).some(({ value }) => String(value).startsWith(noticeUrl));
      if (stage.gateway.noticesPerCharge) expect(isSent).toBe(true);
      const { noticeUrl: _, ...without } = (await stage.charge()).input;
      await stage.gateway.charge({ ...without, reference: `z${without.reference.slice(1)}` }, stage.api() as never);
    });

    stageTest("sends no datum of the payer that was not given", async (stage) => {
      const { input } = await stage.charge();
      const given = [...Object.values(input.payer), input.reference, ...Object.values(stage.fake.credentials)];
      for (const { path, value } of leavesOf(stage.fake.requests.map(({ body }) => body)))
        if (isAboutPayer(path)) expect(allowedOfPayer(given)).toContain(plain(value));
    });

    stageTest("passes the platform's part on, where it splits", async (stage) => {
      if (!stage.gateway.splits) return;
      const amount = cents(137);
      await stage.charge({ split: { recipient: "9f2a58ed-028b-4636-bda1-b366ca4913ff", amount } });
      expect(sentSince(stage).some(({ value }) => isAmount(value, amount))).toBe(true);
    });

    stageTest("says what became of a charge", async (stage) => {
      const amount = cents(1990);
      expect(await reportAfter(stage, { what: "paid" })).toMatchObject({ state: "paid", amount, refunded: 0 });
      for (const what of ["expired", "failed"] as const) {
        const report = await reportAfter(stage, { what });
        if (report) expect(report.state).toBe(what);
      }
      const disputed = await reportAfter(stage, { what: "paid" }, { what: "chargeback" });
      if (disputed) expect(disputed.state).toBe("chargeback");
    });

    stageTest("says how much was given back", async (stage) => {
      const whole = await reportAfter(stage, { what: "paid" }, { what: "refunded" });
      if (whole) expect(whole).toMatchObject({ state: "refunded", refunded: 1990 });
      const part = await reportAfter(stage, { what: "paid" }, { what: "refunded", cents: 500 });
      if (part) expect(part.refunded).toBe(cents(500));
      if (part) expect(["paid", "refunded"]).toContain(part.state);
    });

    stageTest("takes a word that it does not know for nothing", async (stage) => {
      for (const before of [[], [{ what: "paid" }]] satisfies Happening[][]) {
        const report = await reportAfter(stage, ...before, { what: "strange_word" });
        if (report) expect(report).toMatchObject({ state: "unknown", word: expect.stringMatching(/./) });
      }
    });

    stageTest("shows that less came in than was asked for", async (stage) => {
      const report = await reportAfter(stage, { what: "paid", cents: 1989 });
      if (report?.state === "paid") expect(report.amount).toBe(cents(1989));
    });

    stageTest(
      "finds a charge by our reference where it says so, and never calls it missing where not",
      async (stage) => {
        const { input, charged } = await stage.charge();
        if (!stage.gateway.findsByReference) {
          expect((await errorOf(askFor(stage, null, input))).meaning).not.toBe("not_found");
          return;
        }
        const report = await askFor(stage, null, input);
        expect(report).toMatchObject({ gatewayId: charged.gatewayId, reference: input.reference, state: "pending" });
        expect(report.brCode).toBe(charged.brCode);
      },
    );

    stageTest("says that an unknown charge is not found, whatever its id holds", async (stage) => {
      const { input, charged } = await stage.charge();
      const nobodys = charged.gatewayId.replace(/.$/, (last) => (last === "7" ? "8" : "7"));
      expect((await errorOf(askFor(stage, nobodys, input))).meaning).toBe("not_found");
      const before = stage.fake.requests.length;
      await errorOf(askFor(stage, "a/../b?c=d#e", input));
      for (const { path } of stage.fake.requests.slice(before)) expect(path).not.toMatch(/\/b\b|c=d/);
    });

    stageTest("gives back the whole of a paid charge, where it can", async (stage) => {
      const { gateway, fake, api } = stage;
      if (!gateway.refund) return;
      const { input, charged } = await stage.charge();
      fake.happen(charged, { what: "paid" });
      const { endToEndId } = await askFor(stage, charged.gatewayId, input);
      const key = "d4s2a9n7b5v3c1x0z6q8w2m4k";
      await gateway.refund({ gatewayId: charged.gatewayId, amount: input.amount, endToEndId, key }, api() as never);
      const report = await askFor(stage, charged.gatewayId, input);
      expect(report).toMatchObject({ state: "refunded", refunded: 1990 });
    });
  });
}

const isAmount = (value: unknown, amount: Cents): boolean =>
  [amount, toDecimal(amount), Number(toDecimal(amount))].includes(value as number);

/** "customer" alone is the id of one that was made before. */
const isAboutPayer = (path: string[]): boolean =>
  path.at(-1) !== "customer" &&
  path.some((key) =>
    /payer|customer|client|buyer|devedor|debtor|consumer|cpf|cnpj|document|tax_?id|mail|phone/i.test(key),
  );

/** Digits and small letters only, so that one way of writing a number is like another. */
const plain = (value: unknown): string =>
  String(value)
    .toLowerCase()
    .replace(/[\s.\-/]/g, "");

/** What was given, the words of a name one by one, the names of kinds of documents, and switches. */
function allowedOfPayer(given: unknown[]): string[] {
  const words = given.flatMap((one) => (typeof one === "string" ? [one, ...one.split(" ")] : []));
  const kinds = ["CPF", "individual", "true", "false"];
  return [...words, ...kinds].map(plain);
}
