// The sample: a funnel without a problem, and a photo that is what it says.

import { expect, test } from "bun:test";
import { checkFunnel } from "../../src/funnel/funnel.ts";
import { offersOf } from "../../src/funnel/offers.ts";
import { runStep } from "../../src/funnel/run.ts";
import { sampleFunnel } from "../../src/funnel/sample.ts";
import { samplePhoto } from "../../src/funnel/sample-photo.ts";
import { sealFunnel } from "../../src/funnel/seal.ts";
import { walk } from "../../src/funnel/walk.ts";
import { composeCalls } from "../../src/telegram/message.ts";

const funnel = sampleFunnel(samplePhoto.sha256);

test("the sample funnel has no problem", () => {
  expect(checkFunnel(JSON.parse(JSON.stringify(funnel)))).toEqual({ ok: true, funnel });
});

test("its welcome is one message to Alice: the photo, her name, the offer with its price", () => {
  let drawn = 0;
  const sealed = sealFunnel(funnel, () => String(++drawn).padStart(16, "k"));
  const [welcome] = sealed.steps;
  const calls = welcome === undefined ? [] : runStep(welcome, { firstName: "Alice" }).flatMap(composeCalls);
  expect(calls.map(({ method }) => method)).toEqual(["sendPhoto"]);
  expect(calls[0]?.payload.caption).toStartWith("Oi, Alice!");
  expect(calls[0]?.payload.reply_markup?.inline_keyboard[0]?.[0]?.text).toBe("🌿 Quero o guia - R$ 19,90");
  expect(calls[0]?.media).toEqual({ field: "photo", source: { asset: samplePhoto.sha256 } });
});

test("it delivers the guide as three messages, and the offer has its product's name wherever it stands", () => {
  let drawn = 0;
  const sealed = sealFunnel(funnel, () => String(++drawn).padStart(16, "k"));
  const offers = offersOf(sealed);
  expect(offers.map(({ product, deliver }) => ({ product, deliver }))).toEqual(
    Array(2).fill({ product: "Guia da Rotina Leve", deliver: { step: "guia" } }),
  );
  const { steps } = walk(sealed, "guia");
  const calls = steps.flatMap((step) => runStep(step, { firstName: "Alice" })).flatMap(composeCalls);
  expect(calls.map(({ method }) => method)).toEqual(["sendMessage", "sendMessage", "sendMessage"]);
  expect(calls.map(({ payload }) => payload.text).join("\n")).toMatch(
    /Alice[\s\S]*Dia 1 [\s\S]*Dia 4 [\s\S]*Dia 7 [\s\S]*sete dias/,
  );
});

test("the photo is a small PNG with its own sha256", () => {
  const { bytes, sha256 } = samplePhoto;
  expect(Buffer.from(bytes.slice(0, 8)).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  expect(bytes.length).toBeLessThan(20 * 1024);
  expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(sha256);
});
