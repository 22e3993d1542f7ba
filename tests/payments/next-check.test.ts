// When a charge is asked about again: often enough to find a payment within a minute, never more often than its gateway allows, and not for ever.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { limits } from "#src/kernel/limits.ts";
import { type ChargeState, nextCheck } from "#src/payments/payment.ts";
import { minute } from "./payment-scene.ts";

const WAITING: ChargeState[] = ["creating", "unknown", "pending", "failed", "expired", "held"];
const HOUR_MS = 60 * 60_000;

const anyCharge = fc
  .record({ state: fc.constantFrom(...WAITING), validMs: fc.integer({ min: 1_000, max: 24 * HOUR_MS }) })
  .map(({ state, validMs }) => ({
    state,
    createdAt: minute(0),
    expiresAt: new Date(minute(0).getTime() + validMs),
  }));
const anyPause = fc.integer({ min: 0, max: 600 });
const anyAge = fc.integer({ min: 0, max: 100 * HOUR_MS });
const later = (ms: number): Date => new Date(minute(0).getTime() + ms);

describe("the next check", () => {
  test("is none once the money is there, or gone again", () => {
    for (const state of ["paid", "refunded", "chargeback"] as const)
      expect(nextCheck({ state, createdAt: minute(0), expiresAt: minute(30) }, minute(1), 1)).toBeNull();
  });

  test("comes later than now, and no sooner than the gateway allows", () => {
    fc.assert(
      fc.property(anyCharge, anyAge, anyPause, (charge, ageMs, askEverySeconds) => {
        const next = nextCheck(charge, later(ageMs), askEverySeconds);
        if (next === null) return;
        expect(next.getTime()).toBeGreaterThan(later(ageMs).getTime());
        expect(next.getTime() - later(ageMs).getTime()).toBeGreaterThanOrEqual(askEverySeconds * 1_000);
      }),
    );
  });

  test("ends 72 hours after the charge's end, after a bounded number of questions", () => {
    fc.assert(
      fc.property(anyCharge, fc.integer({ min: 1, max: 600 }), (charge, askEverySeconds) => {
        let now: Date | null = charge.expiresAt;
        let last = now;
        let asked = 0;
        for (; now !== null && asked < 1_000; asked++) {
          last = now;
          now = nextCheck(charge, now, askEverySeconds);
        }
        expect(asked).toBeLessThan(1_000);
        expect(last.getTime()).toBeLessThanOrEqual(charge.expiresAt.getTime() + limits.lateCheckMs + HOUR_MS);
        expect(last.getTime()).toBeGreaterThan(charge.expiresAt.getTime() + limits.lateCheckMs - HOUR_MS);
      }),
    );
  });

  test("is within a minute while it can be paid, where the gateway allows it, and does not miss the end", () => {
    fc.assert(
      fc.property(anyCharge, anyAge, fc.integer({ min: 0, max: 45 }), (charge, ageMs, askEverySeconds) => {
        const now = later(ageMs % (charge.expiresAt.getTime() - charge.createdAt.getTime()));
        const next = nextCheck(charge, now, askEverySeconds);
        expect(Number(next) - now.getTime()).toBeLessThanOrEqual(60_000);
        expect(Number(next)).toBeLessThanOrEqual(
          Math.max(charge.expiresAt.getTime(), now.getTime() + askEverySeconds * 1_000),
        );
      }),
    );
  });

  test.each([
    [1, 1, 20],
    [1, 30, 30],
    [10, 1, 45],
    [29.5, 1, 30],
    [29.9, 60, 60],
    [30, 1, 60],
    [60, 1, 900],
    [30 + 24 * 60, 1, 3_600],
  ])("at minute %d, asked at most every %d s: after %d s", (age, askEverySeconds, seconds) => {
    const charge = { state: "pending", createdAt: minute(0), expiresAt: minute(30) } as const;
    const now = minute(age);
    expect(Number(nextCheck(charge, now, askEverySeconds)) - now.getTime()).toBe(seconds * 1_000);
  });
});
