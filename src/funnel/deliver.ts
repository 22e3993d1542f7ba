// What a sold product gives: a link, a text, a medium, or a sequence of steps of the funnel that sold it.

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { Html, textProblems } from "./check-text.ts";
import { isHttpsLink } from "./link.ts";
import { Media, mediaProblems } from "./media.ts";
import type { Problem } from "./problem.ts";
import { stepId } from "./step-id.ts";

const closed = { additionalProperties: false };

const Link = Type.Object(
  { link: Type.String({ title: "o link", minLength: 1, maxLength: 2048 }) },
  { ...closed, tell: "link" },
);
const Text = Type.Object({ text: Html }, closed);
const Medium = Type.Object({ media: Media, text: Type.Optional(Html) }, { ...closed, tell: "media" });
/** The walk from this step of the funnel version that sold it. */
const Steps = Type.Object({ step: stepId("o passo") }, { ...closed, tell: "step" });

export const Deliver = Type.Union([Link, Text, Medium, Steps], {
  title: "o que é entregue (deliver)",
  rule: "deve ter só um destes: link (https), text, media (com text, se quiser) ou step (uma sequência de passos)",
});
export type Deliver = Static<typeof Deliver>;

/** What was kept of an offer, as it is delivered; undefined when this program does not know it. */
export function readDeliver(value: unknown): Deliver | undefined {
  return Value.Check(Deliver, value) ? value : undefined;
}

/** What the schema cannot see; that a step exists is seen where the whole funnel is. */
export function deliverProblems(deliver: Deliver, path: string): Problem[] {
  if ("step" in deliver) return [];
  if ("link" in deliver) {
    const sentence = "o link deve ser um endereço https:// válido";
    return isHttpsLink(deliver.link) ? [] : [{ path: `${path}/link`, sentence }];
  }
  const media = "media" in deliver ? mediaProblems(deliver.media, `${path}/media`) : [];
  const texts = deliver.text === undefined ? [] : textProblems(deliver.text, { mayBeEmpty: "media" in deliver });
  return [...media, ...texts.map((sentence) => ({ path: `${path}/text`, sentence }))];
}
