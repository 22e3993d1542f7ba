// The rounds of a decision: on what was read, until nobody was faster, within a bound.

import { expect, test } from "bun:test";
import { limits } from "#src/kernel/limits.ts";
import { openLog } from "#src/kernel/log.ts";
import { decisionOn } from "#src/payments/decision.ts";
import { changeCharge, inRounds } from "#src/payments/rounds.ts";
import { minute, paymentOf } from "./payment-scene.ts";

const ID = 1 as never;

/** A charge that others change so often while it is being saved; `versions`: of those that were decided on. */
function openScene(changes: number) {
  let version = 1;
  const versions: number[] = [];
  const context = {
    ...{ log: openLog("silent", 2), signal: new AbortController().signal },
    reader: { find: async () => paymentOf({ version }) },
    saver: {
      idle: async () => undefined,
      async save() {
        const saved = version > changes;
        version += 1;
        return { saved, orderId: null, chargeId: null };
      },
    },
  };
  const decide = (payment: ReturnType<typeof paymentOf>) => {
    versions.push(payment.charge.version);
    return decisionOn(payment, minute(1), { set: { reason: "test" } });
  };
  return { context, decide, versions };
}

test("overtaken twice: decided anew each time on what the others left, and saved on that", async () => {
  const { context, decide, versions } = openScene(2);
  const changed = await changeCharge(context, ID, decide);
  expect(changed).toMatchObject({
    ...{ payment: { charge: { version: 3 } } },
    decided: { order: { id: 9, version: 1 }, charge: { id: 1, version: 3, set: { reason: "test" } } },
  });
  expect(versions).toEqual([1, 2, 3]);
});

test("overtaken every time: it ends, and says so", async () => {
  const { context, decide, versions } = openScene(Number.POSITIVE_INFINITY);
  expect(await changeCharge(context, ID, decide)).toBe("overtaken");
  expect(versions).toHaveLength(limits.paymentRounds);
  expect(await inRounds(async () => undefined)).toBeUndefined();
});

test("what was read before is decided on once, then it is read again", async () => {
  const { context, decide, versions } = openScene(1);
  await changeCharge(context, ID, decide, paymentOf({ version: 7 }));
  expect(versions).toEqual([7, 2]);
});

test("no such charge, and nothing to be saved, are ends, too", async () => {
  const { context, decide } = openScene(0);
  expect(await changeCharge(context, ID, () => undefined)).toBe("unchanged");
  const empty = { ...context, reader: { find: async () => undefined } };
  expect(await changeCharge(empty, ID, decide)).toBe("gone");
});

test("an end that is false or null is an end", async () => {
  expect(await inRounds(async () => false)).toBe(false);
  expect(await inRounds(async () => null)).toBe(null);
});
