// The picture, video, sound or file of a message, and where it comes from.

import { type Static, Type } from "@sinclair/typebox";
import { isHttpsLink } from "./link.ts";
import type { Problem } from "./problem.ts";

const closed = { additionalProperties: false };
const kinds = ["photo", "video", "animation", "audio", "voice", "document"] as const;

const Url = Type.Object({ url: Type.String({ title: "o endereço", maxLength: 2048 }) }, closed);
const FileId = Type.Object(
  {
    fileId: Type.String({ title: "o fileId", pattern: "^[A-Za-z0-9_-]{1,256}$", rule: "não é um file_id do Telegram" }),
  },
  closed,
);
const Asset = Type.Object(
  {
    asset: Type.String({
      title: "o arquivo",
      pattern: "^[0-9a-f]{64}$",
      rule: "deve ser o sha256 de um arquivo enviado",
    }),
  },
  closed,
);

/** An https address that Telegram fetches, a file that Telegram already has, or an uploaded file by its sha256. */
export const MediaSource = Type.Union([Url, FileId, Asset], {
  title: "a origem",
  rule: "deve ter só um destes: url (https), fileId ou asset (sha256 de um arquivo enviado)",
});

export const Media = Type.Object(
  {
    kind: Type.Union(
      kinds.map((kind) => Type.Literal(kind)),
      { title: "o tipo", rule: `deve ser um destes: ${kinds.join(", ")}` },
    ),
    source: MediaSource,
    spoiler: Type.Optional(Type.Boolean({ title: "spoiler" })),
  },
  { title: "a mídia", additionalProperties: false },
);

export type MediaSource = Static<typeof MediaSource>;
export type Media = Static<typeof Media>;

/** What the schema cannot see in a message's media. */
export function mediaProblems({ source }: Media, path: string): Problem[] {
  const isWrong = "url" in source && !isHttpsLink(source.url);
  return isWrong ? [{ path: `${path}/source/url`, sentence: "o endereço deve ser um link https:// válido" }] : [];
}
