// Texts and captions as Telegram takes them: parsed, cleaned, measured in UTF-16 units.

import type { MessageEntity } from "grammy/types";
import { cleanText, isBlank } from "../funnel/formatted.ts";
import { type FormattedText, HtmlError, parseHtml } from "../funnel/html.ts";
import { badRequest } from "./api-failure.ts";
import { isObject, jsonOf, type Params, textOf } from "./params.ts";
import type { FakeMessage } from "./state.ts";

const TEXT_MAX = 4_096;
const CAPTION_MAX = 1_024;

/** The parameter `text` with its entities, ready to be part of a message. */
export function readText(params: Params): Partial<FakeMessage> {
  const raw = textOf(params, "text") ?? "";
  if (raw === "") throw badRequest("message text is empty");
  const { text, entities } = readFormatted(raw, params, "entities");
  if (isBlank(text)) throw badRequest("message text is empty");
  if (text.length > TEXT_MAX) throw badRequest("message is too long");
  return entities.length > 0 ? { text, entities } : { text };
}

/** The parameter `caption` with its entities; nothing at all when there is none. */
export function readCaption(params: Params): Partial<FakeMessage> {
  const raw = textOf(params, "caption") ?? "";
  if (raw === "") return {};
  const { text, entities } = readFormatted(raw, params, "caption_entities");
  if (text.length > CAPTION_MAX) throw badRequest("message caption is too long");
  if (text === "") return {};
  return entities.length > 0 ? { caption: text, caption_entities: entities } : { caption: text };
}

/** Only HTML is parsed: nothing of ours sends Markdown. */
function readFormatted(raw: string, params: Params, field: string): FormattedText {
  const mode = textOf(params, "parse_mode")?.toLowerCase() ?? "";
  if (mode === "html") return readHtml(raw);
  if (mode !== "" && mode !== "none") throw badRequest("unsupported parse_mode");
  if (params[field] === undefined) return cleanText({ text: raw, entities: [] });
  return cleanText({ text: raw, entities: readEntities(params, field, raw.length) });
}

function readHtml(raw: string): FormattedText {
  try {
    return parseHtml(raw);
  } catch (error) {
    if (error instanceof HtmlError) throw badRequest(`can't parse entities: ${error.message}`);
    throw error;
  }
}

function readEntities(params: Params, field: string, textLength: number): MessageEntity[] {
  const value = jsonOf(params, field, "entities");
  if (!Array.isArray(value)) return [];
  for (const entity of value) checkEntity(entity, textLength);
  return value as MessageEntity[];
}

function checkEntity(entity: unknown, textLength: number): void {
  if (!isObject(entity)) throw badRequest("can't parse MessageEntity: expected an Object");
  const { type, offset, length } = entity;
  if (typeof type !== "string" || type === "") throw badRequest('can\'t parse MessageEntity: Field "type" must exist');
  if (!isWhole(offset)) throw badRequest('can\'t parse MessageEntity: Field "offset" must be of type Number');
  if (!isWhole(length)) throw badRequest('can\'t parse MessageEntity: Field "length" must be of type Number');
  if (offset < 0 || length < 0) throw badRequest("receive an entity with incorrect offset or length");
  if (offset + length > textLength) {
    throw badRequest(
      `entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${offset + length}`,
    );
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
