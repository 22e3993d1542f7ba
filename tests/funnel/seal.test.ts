// Sealing: who gets a key, and what a key finds again.

import { describe, expect, test } from "bun:test";
import type { Funnel } from "../../src/funnel/funnel.ts";
import { findButton, sealFunnel } from "../../src/funnel/seal.ts";
import { cents } from "../../src/kernel/money.ts";

const deliver = { text: "Aqui está." };
const funnel: Funnel = {
  name: "Teste",
  start: "a",
  steps: [
    {
      id: "a",
      kind: "message",
      text: "a",
      buttons: [
        [
          { text: "Compra", priceCents: cents(1990), deliver },
          { text: "Site", url: "https://a.b" },
        ],
      ],
    },
    { id: "b", kind: "message", text: "b", next: "a" },
    { id: "c", kind: "message", text: "c", buttons: [[{ text: "Volta", step: "a" }]] },
  ],
};

function keysFrom(...keys: string[]) {
  return () => keys.shift() ?? "";
}

describe("sealFunnel", () => {
  test("gives each buy and step button a key of its own, and a link none", () => {
    const sealed = sealFunnel(funnel, keysFrom("a".repeat(16), "_-09AZaz".repeat(2)));
    expect(sealed.steps.map(({ buttons }) => buttons)).toEqual([
      [
        [
          { text: "Compra", priceCents: cents(1990), deliver, key: "aaaaaaaaaaaaaaaa" },
          { text: "Site", url: "https://a.b" },
        ],
      ],
      undefined,
      [[{ text: "Volta", step: "a", key: "_-09AZaz_-09AZaz" }]],
    ]);
    expect(sealed.steps[1]).toEqual({ id: "b", kind: "message", text: "b", next: "a" });
    expect(funnel.steps[0]?.buttons?.[0]?.[0]).not.toHaveProperty("key");
  });

  test.each([
    ["too short", ["a"]],
    ["of other characters", ["ããããããããããããããã".slice(0, 16)]],
    ["drawn twice", ["a".repeat(16), "a".repeat(16)]],
  ])("refuses a key that is %s", (_, keys) => {
    expect(() => sealFunnel(funnel, keysFrom(...keys))).toThrow("cannot be the key of a button");
  });
});

test("findButton finds what the key was given to, and its step, through JSON", () => {
  const sealed = sealFunnel(funnel, keysFrom("a".repeat(16), "b".repeat(16)));
  const kept = JSON.parse(JSON.stringify(sealed));
  expect(findButton(kept, "a".repeat(16))?.button).toEqual({
    text: "Compra",
    priceCents: cents(1990),
    deliver,
    key: "a".repeat(16),
  });
  expect(findButton(kept, "b".repeat(16))?.step.id).toBe("c");
  expect(findButton(kept, "c".repeat(16))).toBeUndefined();
  expect(findButton(kept, "undefined")).toBeUndefined();
});
