// The message step: media, text and buttons. With buttons the person's press goes on; without, `next` follows at once.

import { type Static, Type } from "@sinclair/typebox";
import { Buttons, buttonProblems } from "../button.ts";
import { Html, textProblems } from "../check-text.ts";
import { parseHtml } from "../html.ts";
import { Media, mediaProblems } from "../media.ts";
import { defineStep } from "../step.ts";
import { stepId } from "../step-id.ts";
import { fillVariables } from "../variables.ts";

const schema = Type.Object(
  {
    id: stepId("o id"),
    kind: Type.Literal("message"),
    media: Type.Optional(Media),
    text: Type.Optional(Html),
    buttons: Type.Optional(Buttons),
    next: Type.Optional(stepId("o passo")),
    protect: Type.Optional(Type.Boolean({ title: "protect" })),
    silent: Type.Optional(Type.Boolean({ title: "silent" })),
    linkPreview: Type.Optional(Type.Boolean({ title: "linkPreview" })),
  },
  { title: "o passo", additionalProperties: false },
);

export const messageStep = defineStep<Static<typeof schema>>({
  kind: "message",
  schema,

  check({ media, text, buttons }) {
    const problems = (text === undefined ? [] : textProblems(text, { mayBeEmpty: media !== undefined })).map(
      (sentence) => ({
        path: "/text",
        sentence,
      }),
    );
    if (text === undefined && media === undefined) problems.push({ path: "", sentence: "falta o texto ou a mídia" });
    if (media !== undefined) problems.push(...mediaProblems(media, "/media"));
    return [...problems, ...buttonProblems(buttons ?? [], "/buttons")];
  },

  run({ media, text, buttons, protect, silent, linkPreview }, person) {
    return [
      {
        ...(media && { media }),
        ...(text !== undefined && { text: parseHtml(fillVariables(text, person)) }),
        ...(buttons && { buttons }),
        ...(protect !== undefined && { protect }),
        ...(silent !== undefined && { silent }),
        ...(linkPreview !== undefined && { linkPreview }),
      },
    ];
  },
});
