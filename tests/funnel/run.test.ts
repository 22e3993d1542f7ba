// Running: what a message step and a reply say to one person.

import { expect, test } from "bun:test";
import { runReply, runStep } from "../../src/funnel/run.ts";
import type { SealedStep } from "../../src/funnel/seal.ts";

const alice = { firstName: "Alice <3", fullName: "Alice <3 Souza" };
const buttons = [[{ text: "Volta", step: "a", key: "k".repeat(16) }]];

test("a message says its text to this person, with everything else as it stands", () => {
  const media = { kind: "photo" as const, source: { url: "https://a.b/c.jpg" }, spoiler: true };
  const step: SealedStep = {
    id: "a",
    kind: "message",
    text: "Oi, <b>{primeiro_nome}</b>!",
    media,
    buttons,
    protect: true,
    silent: false,
    linkPreview: false,
  };
  const text = { text: "Oi, Alice <3!", entities: [{ type: "bold" as const, offset: 4, length: 8 }] };
  expect(runStep(step, alice)).toEqual([{ text, media, buttons, protect: true, silent: false, linkPreview: false }]);
});

test("a message of media alone says no text", () => {
  const media = { kind: "voice" as const, source: { fileId: "A" } };
  expect(runStep({ id: "a", kind: "message", media }, {})).toEqual([{ media }]);
});

test("a step of a kind from another version of the program says nothing", () => {
  expect(runStep({ id: "a", kind: "dança" } as never, alice)).toEqual([]);
});

test("the reply is said to this person, and only if there is one", () => {
  expect(runReply({ reply: "<i>{nome}</i>" }, alice)).toEqual([
    { text: { text: "Alice <3 Souza", entities: [{ type: "italic", offset: 0, length: 14 }] } },
  ]);
  expect(runReply({}, alice)).toEqual([]);
});
