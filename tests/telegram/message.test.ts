// Composing calls: which method carries what, where the buttons stand, and what is left without formatting or medium.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SealedButton } from "../../src/funnel/button.ts";
import type { Media } from "../../src/funnel/media.ts";
import type { Say } from "../../src/funnel/say.ts";
import { cents } from "../../src/kernel/money.ts";
import { composeCalls, plainCall, withoutMedia } from "../../src/telegram/message.ts";

const bold = { type: "bold" as const, offset: 0, length: 1 };
const textOf = (length: number) => ({ text: "a".repeat(length), entities: [bold] });
const photo: Media = { kind: "photo", source: { url: "https://a.b/c.jpg" } };
const field = { media: { field: "photo" as const, source: photo.source } };
const key = "k".repeat(16);
const buttons: SealedButton[][] = [
  [{ text: "Quero", priceCents: cents(123_456), deliver: { text: "Aqui está." }, key }],
  [
    { text: "Site", url: "https://a.b/" },
    { text: "Volta", step: "a", key },
  ],
];
const reply_markup = {
  inline_keyboard: [
    [{ text: "Quero - R$ 1.234,56", callback_data: key }],
    [
      { text: "Site", url: "https://a.b/" },
      { text: "Volta", callback_data: key },
    ],
  ],
};

describe("composeCalls", () => {
  test("a text is one message with its entities and buttons", () => {
    expect(composeCalls({ text: textOf(5), buttons })).toEqual([
      { method: "sendMessage", payload: { text: "aaaaa", entities: [bold], reply_markup } },
    ]);
  });

  test("a text that fits is the caption, and the medium carries the buttons", () => {
    expect(composeCalls({ media: photo, text: textOf(1024), buttons })).toEqual([
      { method: "sendPhoto", payload: { caption: "a".repeat(1024), caption_entities: [bold], reply_markup }, ...field },
    ]);
  });

  test("a longer text follows the medium, and carries the buttons", () => {
    expect(composeCalls({ media: photo, text: textOf(1025), buttons })).toEqual([
      { method: "sendPhoto", payload: {}, ...field },
      { method: "sendMessage", payload: { text: "a".repeat(1025), entities: [bold], reply_markup } },
    ]);
  });

  test("a caption is measured in UTF-16 units", () => {
    const emoji = (count: number) => ({ text: "🏟".repeat(count), entities: [] });
    expect(composeCalls({ media: photo, text: emoji(512) })).toHaveLength(1);
    expect(composeCalls({ media: photo, text: emoji(513) })).toHaveLength(2);
  });

  test("a medium without text carries the buttons", () => {
    expect(composeCalls({ media: photo, buttons })).toEqual([
      { method: "sendPhoto", payload: { reply_markup }, ...field },
    ]);
  });

  test("our own buttons copy a text or call us back", () => {
    const own = [[{ text: "Copiar", copy: "000201" }], [{ text: "Verificar", callback: key }]];
    expect(composeCalls({ text: textOf(1), buttons: own })[0]?.payload.reply_markup).toEqual({
      inline_keyboard: [
        [{ text: "Copiar", copy_text: { text: "000201" } }],
        [{ text: "Verificar", callback_data: key }],
      ],
    });
  });

  test("a text of several messages has its buttons under the last one", () => {
    const calls = composeCalls({ text: textOf(9_000), buttons });
    expect(calls.map(({ payload }) => payload.text?.length)).toEqual([4096, 4096, 808]);
    expect(calls.map(({ payload }) => payload.reply_markup)).toEqual([undefined, undefined, reply_markup]);
  });

  test.each([
    ["photo", "sendPhoto", true],
    ["video", "sendVideo", true],
    ["animation", "sendAnimation", true],
    ["audio", "sendAudio", undefined],
    ["voice", "sendVoice", undefined],
    ["document", "sendDocument", undefined],
  ] as const)("a %s goes by %s; its spoiler: %p", (kind, method, hidden) => {
    const [call] = composeCalls({ media: { kind, source: { fileId: "A" }, spoiler: true } });
    expect(call?.method).toBe(method);
    expect(call?.media).toEqual({ field: kind, source: { fileId: "A" } });
    expect(call?.payload.has_spoiler).toBe(hidden);
  });

  test("protection and silence hold for every message, a hidden preview for texts", () => {
    const calls = composeCalls({ media: photo, text: textOf(2000), protect: true, silent: true, linkPreview: false });
    const manners = { protect_content: true, disable_notification: true };
    expect(calls[0]?.payload).toEqual(manners);
    expect(calls[1]?.payload).toMatchObject({ ...manners, link_preview_options: { is_disabled: true } });
    expect(composeCalls({ text: textOf(1), protect: false, silent: false, linkPreview: true })).toEqual([
      { method: "sendMessage", payload: { text: "a", entities: [bold] } },
    ]);
  });

  test.each<[string, Say, number]>([
    ["nothing", {}, 0],
    ["a blank text", { text: { text: "\u200b ", entities: [] }, buttons }, 0],
    ["a blank text under a medium", { media: photo, text: { text: "", entities: [] } }, 1],
    ["empty rows", { text: textOf(1), buttons: [[]] }, 1],
  ])("%s is never an empty message or keyboard", (_, say, count) => {
    const calls = composeCalls(say);
    expect(calls).toHaveLength(count);
    expect(calls.some(({ payload }) => payload.reply_markup !== undefined || payload.caption !== undefined)).toBe(
      false,
    );
  });

  test("whatever is said fits Telegram's limits and has the buttons once, at the end", () => {
    const words = fc.array(fc.constantFrom("a", "🏟", " ", "\n\n", "palavra. ".repeat(40), "x".repeat(900)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, fc.boolean(), (pieces, hasMedia) => {
        const text = { text: pieces.join(""), entities: [] };
        const calls = composeCalls({ text, buttons, ...(hasMedia && { media: photo }) });
        for (const { payload } of calls) {
          expect(payload.text?.length ?? 1).toBeWithin(1, 4097);
          expect(payload.caption?.length ?? 1).toBeWithin(1, 1025);
        }
        const carriers = calls.filter(({ payload }) => payload.reply_markup !== undefined);
        expect(carriers).toEqual(calls.slice(-1));
        expect(carriers.length > 0).toBe(hasMedia || text.text.trim() !== "");
      }),
    );
  });
});

describe("plainCall", () => {
  test("keeps everything but the formatting", () => {
    const text = { method: "sendMessage", payload: { text: "a", entities: [bold], reply_markup } };
    expect(plainCall(text)).toEqual({ method: "sendMessage", payload: { text: "a", reply_markup } });
    const caption = { method: "sendPhoto", payload: { caption: "a", caption_entities: [bold] }, ...field };
    expect(plainCall(caption)).toEqual({ method: "sendPhoto", payload: { caption: "a" }, ...field });
  });

  test("returns a plain call itself: nothing is left to try", () => {
    const call = { method: "sendMessage", payload: { text: "a" } };
    expect(plainCall(call)).toBe(call);
  });
});

describe("withoutMedia", () => {
  test("turns the caption into a message with the same buttons and manners", () => {
    const payload = { caption: "a", caption_entities: [bold], reply_markup, protect_content: true, has_spoiler: true };
    expect(withoutMedia({ method: "sendPhoto", payload, ...field })).toEqual({
      method: "sendMessage",
      payload: { text: "a", entities: [bold], reply_markup, protect_content: true },
    });
  });

  test("leaves nothing of a medium without caption", () => {
    expect(withoutMedia({ method: "sendPhoto", payload: { reply_markup }, ...field })).toBeUndefined();
  });
});
