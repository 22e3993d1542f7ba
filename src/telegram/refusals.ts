// LIST of Telegram's refusals: what each error means for us. The first line that matches wins; a 4xx that nothing names is permanent.
// Texts as the Bot API server sends them (tdlib/telegram-bot-api, Client.cpp); compared without case.

export type Meaning =
  /** The token is dead: the bot stops. */
  | "token_revoked"
  /** The person does not want us, or is gone. */
  | "blocked"
  /** Wait; the whole bot is asked to. */
  | "flood"
  /** The chat has another id now: parameters.migrate_to_chat_id. */
  | "migrated"
  /** The formatting is not understood: the same text without it. */
  | "formatting"
  /** The medium cannot be had under this name: another name for it, or none. */
  | "media"
  /** Telegram's own trouble. */
  | "trouble"
  /** Nothing to be done any more, and no harm. */
  | "moot"
  /** Never. */
  | "permanent";

type Refusal = { code: number; text?: RegExp; meaning: Meaning; reason: string };

export const refusals: readonly Refusal[] = [
  { code: 401, meaning: "token_revoked", reason: "token_revoked" },
  { code: 404, text: /^not found$/i, meaning: "token_revoked", reason: "token_unknown" },
  { code: 403, text: /user is deactivated/i, meaning: "blocked", reason: "deactivated" },
  { code: 403, text: /bot was (blocked|kicked)/i, meaning: "blocked", reason: "blocked" },
  { code: 403, meaning: "blocked", reason: "forbidden" },
  { code: 429, meaning: "flood", reason: "flood" },
  { code: 400, text: /upgraded to a supergroup/i, meaning: "migrated", reason: "migrated" },
  {
    code: 400,
    text: /can't parse (entities|message text)|ENTITY_|ENTITIES_/i,
    meaning: "formatting",
    reason: "formatting",
  },
  {
    code: 400,
    text: /wrong file identifier|wrong remote file|failed to get http url content|file reference|WEBPAGE_|wrong type of the web page|PHOTO_INVALID|IMAGE_PROCESS_FAILED|type of file mismatch|can't use file of type/i,
    meaning: "media",
    reason: "media",
  },
  { code: 400, text: /query is too old|query id is invalid/i, meaning: "moot", reason: "query_too_old" },
  {
    code: 400,
    text: /message is not modified|message to (edit|delete) not found|message can't be (edited|deleted)/i,
    meaning: "moot",
    reason: "moot",
  },
  { code: 400, text: /chat not found|peer_id_invalid|user not found/i, meaning: "permanent", reason: "chat_not_found" },
  { code: 400, text: /BUTTON_|button/i, meaning: "permanent", reason: "button" },
  { code: 400, text: /too long|text is empty/i, meaning: "permanent", reason: "length" },
  { code: 400, text: /not enough rights|need administrator/i, meaning: "permanent", reason: "rights" },
  { code: 409, meaning: "permanent", reason: "conflict" },
  { code: 413, meaning: "media", reason: "too_large" },
];

/** What an answer of the Bot API that is not ok means. `reason` is a short stable word for rows and metrics. */
export function meaningOf(code: number, description: string): { meaning: Meaning; reason: string } {
  const known = refusals.find(
    (refusal) => refusal.code === code && (refusal.text?.test(stripped(description)) ?? true),
  );
  if (known) return { meaning: known.meaning, reason: known.reason };
  return code >= 500
    ? { meaning: "trouble", reason: `http_${code}` }
    : { meaning: "permanent", reason: `http_${code}` };
}

const stripped = (description: string): string => description.replace(/^(bad request|forbidden|unauthorized): /i, "");
