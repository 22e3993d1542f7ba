// What a broadcast says: one message, made of the pieces of a funnel's, and what is wrong with one before anybody gets it.

import { type Static, Type } from "@sinclair/typebox";
import { Buttons, buttonProblems, type LinkButton } from "../funnel/button.ts";
import { Html, textProblems } from "../funnel/check-text.ts";
import { Media, mediaProblems } from "../funnel/media.ts";
import { placeProblems } from "../funnel/place.ts";
import { type Problem, schemaProblems } from "../funnel/problem.ts";
import { runStep } from "../funnel/run.ts";
import type { Say } from "../funnel/say.ts";
import { fillVariables, type Person } from "../funnel/variables.ts";
import { limits } from "../kernel/limits.ts";

const Shape = Type.Object(
  {
    media: Type.Optional(Media),
    text: Type.Optional(Html),
    buttons: Type.Optional(Buttons),
    protect: Type.Optional(Type.Boolean({ title: "protect" })),
    silent: Type.Optional(Type.Boolean({ title: "silent" })),
    linkPreview: Type.Optional(Type.Boolean({ title: "linkPreview" })),
  },
  { title: "a mensagem", additionalProperties: false },
);
type Shape = Static<typeof Shape>;

/** As a message step of a funnel, but its buttons only open addresses: a broadcast belongs to no funnel. */
export type Content = Omit<Shape, "buttons"> & { buttons?: LinkButton[][] };

/** Checks anything that claims to be the content of a broadcast. Problems are sentences for the seller. */
export function checkContent(value: unknown): { ok: true; content: Content } | { ok: false; problems: string[] } {
  const inShape = schemaProblems(Shape, value);
  const problems = inShape.length > 0 ? inShape : meaningProblems(value as Shape);
  if (problems.length > 0) return { ok: false, problems: placeProblems(value, problems) };
  return { ok: true, content: value as Content };
}

function meaningProblems({ media, text, buttons = [] }: Shape): Problem[] {
  if (text === undefined && media === undefined) return [{ path: "", sentence: "falta o texto ou a mídia" }];
  // One message and no more, whatever the person's name: what became of it has one answer.
  const longest = media === undefined ? limits.textUnits : limits.captionUnits;
  const inText = text === undefined ? [] : textProblems(text, { mayBeEmpty: media !== undefined, longest });
  return [
    ...inText.map((sentence) => ({ path: "/text", sentence })),
    ...(media === undefined ? [] : mediaProblems(media, "/media")),
    ...buttonProblems(buttons, "/buttons"),
    ...otherButtons(buttons),
  ];
}

function otherButtons(rows: NonNullable<Shape["buttons"]>): Problem[] {
  const sentence = "um disparo só tem botões que abrem um endereço (url)";
  return rows.flatMap((row, r) =>
    row.flatMap((button, b) => ("url" in button ? [] : [{ path: `/buttons/${r}/${b}`, sentence }])),
  );
}

/** What it says to this person; pure. */
export function sayTo(content: Content, person: Person): Say[] {
  return runStep({ ...content, id: "broadcast", kind: "message" }, person);
}

/** Whether it says the same to everybody. */
export function isSameForAll({ text = "" }: Content): boolean {
  return fillVariables(text, {}) === text;
}

/** As jsonb takes it: without the characters that it does not know, which no Telegram message holds either. */
export function contentJson(content: Content): string {
  return JSON.stringify(content, (_, value) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", " ") : value,
  );
}
