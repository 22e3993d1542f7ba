// What every gateway must make of a vendor that fails: the right GatewayError, never another exception, never a secret in it.

import { describe, expect } from "bun:test";
import fc from "fast-check";
import { type Api, GatewayError, type GatewayMeaning, type HttpRequest } from "#src/payments/gateways/gateway.ts";
import type { Fault } from "./fake.ts";
import { fakes } from "./fakes/index.ts";
import { errorOf, inputOf, leavesOf, replaced, type Stage, stageTestOf } from "./stage.ts";

/** What an error means on the request that makes a charge, and on the one that asks about it. */
const MEANINGS: [Fault, charge: GatewayMeaning, status: GatewayMeaning][] = [
  ["html", "unknown", "away"],
  ["lost_answer", "unknown", "away"],
  ["silence", "unknown", "away"],
  ["status_500", "unknown", "away"],
  ["error_inside", "refused", "refused"],
  ["status_400", "refused", "refused"],
  ["status_401", "credentials", "credentials"],
  ["status_429", "limited", "limited"],
];

/** Only silence waits for all of it; a token must fit in. */
const withinOf = (fault: Fault) => (fault === "silence" ? { withinMs: 700 } : {});

for (const fake of fakes) {
  describe(fake.kind, () => {
    const stageTest = stageTestOf(fake);

    for (const [fault, onCharge, onStatus] of MEANINGS) {
      stageTest(`${fault} on a charge is ${onCharge}`, async (stage) => {
        stage.fake.failNext("charge", fault);
        const input = inputOf({ payer: fake.payer });
        const error = await errorOf(stage.gateway.charge(input, stage.api(withinOf(fault)) as never));
        expect([error.meaning, error.message]).toEqual([onCharge, error.message]);
        expectNoSecret(stage, error);
        expectPause(error);
        const [making] = stage.fake.requests.slice(-1);
        expect(stage.fake.requests.filter(({ path }) => path === making?.path)).toHaveLength(1);
      });

      stageTest(`${fault} on a question is ${onStatus}`, async (stage) => {
        const { input, charged } = await stage.charge();
        // Bun repeats a GET by itself when a connection that it had kept breaks off.
        for (const _ of fault === "lost_answer" ? [1, 2] : [1]) stage.fake.failNext("status", fault);
        const key = { gatewayId: charged.gatewayId, reference: input.reference };
        const error = await errorOf(stage.gateway.status(key, stage.api(withinOf(fault)) as never));
        expect([error.meaning, error.message]).toEqual([onStatus, error.message]);
        expectNoSecret(stage, error);
        expectPause(error);
      });
    }

    stageTest("a charge whose answer was lost is found by our reference, where it can be", async (stage) => {
      if (!stage.gateway.findsByReference) return;
      stage.fake.failNext("charge", "lost_answer");
      const input = inputOf({ payer: fake.payer });
      await errorOf(stage.gateway.charge(input, stage.api() as never));
      const report = await stage.gateway.status({ gatewayId: null, reference: input.reference }, stage.api() as never);
      expect(report).toMatchObject({ reference: input.reference, amount: input.amount, state: "pending" });
      expect(report.brCode).toStartWith("000201");
    });

    stageTest(
      "a charge that was perhaps made is unknown, whatever comes in its answer's place or after it",
      async (stage) => {
        for (const breaks of ["its answer", "what follows"] as const) {
          const work = stage.gateway.charge(inputOf({ payer: fake.payer }), breaking(stage.api(), breaks) as never);
          const outcome = await work.catch((error: unknown) => error);
          if (outcome instanceof GatewayError) expect([breaks, outcome.meaning]).toEqual([breaks, "unknown"]);
          else expect(breaks).toBe("what follows");
        }
      },
    );

    stageTest("wrong credentials are said to be wrong, without a word of them", async (stage) => {
      const wrong = stage.fake.wrongCredentials;
      const work = stage.gateway.charge(inputOf({ payer: fake.payer }), stage.api({ credentials: wrong }) as never);
      const error = await errorOf(work);
      expect(error.meaning).toBe("credentials");
      expectNoSecret(stage, error, wrong);
    });

    stageTest("another amount or another's charge in an answer shows in what is reported", async (stage) => {
      const { input, charged } = await stage.charge();
      const key = { gatewayId: charged.gatewayId, reference: input.reference };
      const ask = async (fault: Fault) => {
        stage.fake.failNext("status", fault);
        return stage.gateway.status(key, stage.api() as never).catch((error) => error);
      };
      const dearer = await ask("other_amount");
      if (!(dearer instanceof GatewayError)) expect(dearer.amount).toBe(input.amount + 100);
      const anothers = await ask("other_id");
      if (!(anothers instanceof GatewayError)) expect(anothers.gatewayId).not.toBe(charged.gatewayId);
    });

    stageTest("another amount in the answer to a charge shows in its PIX code", async (stage) => {
      for (const fault of ["other_amount", "other_id"] as const) {
        stage.fake.failNext("charge", fault);
        const input = inputOf({ payer: fake.payer });
        const charged = await stage.gateway.charge(input, stage.api() as never).catch((error) => error);
        if (charged instanceof GatewayError) continue;
        expect(charged.gatewayId).toStrictEqual(expect.stringMatching(/./));
        if (fault === "other_amount" && charged.brCode) expect(charged.brCode).toContain("540520.90");
      }
    });

    stageTest("an answer in which anything is odd is read, or ends in a GatewayError", async (stage) => {
      const { input, charged } = await stage.charge();
      stage.fake.happen(charged, { what: "paid" });
      const key = { gatewayId: charged.gatewayId, reference: input.reference };
      const { gateway } = stage;
      for (const ask of [
        (api: Api<never>) => gateway.charge({ ...input, reference: `o${input.reference.slice(1)}` }, api as never),
        (api: Api<never>) => gateway.status(key, api as never),
      ]) {
        const answers = await recorded(stage, ask);
        await fc.assert(
          fc.asyncProperty(oddAnswers(answers), async (odd) => {
            const api = { ...stage.api(), call: replay(odd) };
            expectReadable(await ask(api).catch((error: unknown) => error));
          }),
          { numRuns: 400 },
        );
      }
    });
  });
}

/** An operation in which the answer of what makes the charge is empty, or every later request fails. */
function breaking(api: Api<never>, what: "its answer" | "what follows"): Api<never> {
  let isMade = false;
  const call = async (request: HttpRequest) => {
    if (isMade) throw new GatewayError("away", "broken");
    const answer = await api.call(request);
    isMade ||= request.creates === true && what === "what follows";
    return request.creates && what === "its answer" ? {} : answer;
  };
  return { ...api, call };
}

/** The vendor's answers to one operation, in their order. */
async function recorded(stage: Stage, ask: (api: Api<never>) => Promise<unknown>): Promise<unknown[]> {
  const answers: unknown[] = [];
  const api = stage.api();
  const call = async (request: HttpRequest) => {
    const answer = await api.call(request);
    answers.push(answer);
    return answer;
  };
  await ask({ ...api, call });
  return answers;
}

/** Gives the answers out again, the last one to whoever asks on. */
function replay(answers: unknown[]): (request: HttpRequest) => Promise<unknown> {
  let given = 0;
  return async () => answers[Math.min(given++, answers.length - 1)];
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    "",
    "constructor",
    "__proto__",
    "%",
    -1,
    0.1 + 0.2,
    1e21,
    [],
    {},
    [null],
    true,
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Answers with one place in them, down to the whole, taken by something else. */
function oddAnswers(answers: unknown[]): fc.Arbitrary<unknown[]> {
  const places = leavesOf(answers).flatMap(({ path }) => path.map((_, index) => path.slice(0, index + 1)));
  return fc
    .tuple(fc.constantFrom(...places), odd)
    .map(([place, value]) => replaced(answers, place, value) as unknown[])
    .filter((list) => list.length > 0);
}

/** A GatewayError, or a result that keeps to its type. */
function expectReadable(outcome: unknown): void {
  if (outcome instanceof GatewayError) return;
  expect(outcome).not.toBeInstanceOf(Error);
  const { gatewayId, amount, refunded, paidAt, expiresAt } = outcome as Record<string, unknown>;
  expect(gatewayId).toStrictEqual(expect.stringMatching(/./));
  for (const sum of [amount, refunded]) expect(Number.isSafeInteger(sum ?? 0)).toBe(true);
  for (const date of [paidAt, expiresAt]) if (date instanceof Date) expect(date.getTime()).not.toBeNaN();
}

function expectPause({ meaning, afterMs }: GatewayError): void {
  if (meaning === "limited") expect(afterMs).toBeGreaterThan(0);
}

/** No eight characters in a row of anything secret, and nothing of a person. */
function expectNoSecret({ gateway, fake }: Stage, error: GatewayError, credentials = fake.credentials): void {
  const secrets = Object.entries(gateway.credentials.properties).flatMap(([name, { secret }]) =>
    secret && typeof credentials[name] === "string" ? [credentials[name]] : [],
  );
  for (const text of [...secrets, "ana@example.com", "529.982.247-25", "52998224725"])
    for (let at = 0; at + 8 <= text.length; at += 1) expect(error.message).not.toContain(text.slice(at, at + 8));
}
