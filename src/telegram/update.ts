// Telegram's Update → ours. Pure: the schema of what we rely on, and the one reading of every form in which a person speaks to a bot.

import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { ChatId, MessageId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";

const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const AnyChatId = Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
const Seconds = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000 });

const User = Type.Object({
  id: Id,
  is_bot: Type.Optional(Type.Boolean()),
  first_name: Type.Optional(Type.String()),
  last_name: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  language_code: Type.Optional(Type.String()),
  is_premium: Type.Optional(Type.Boolean()),
});
const Chat = Type.Object({
  id: AnyChatId,
  type: Type.String(),
  first_name: Type.Optional(Type.String()),
  last_name: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
});
const File = Type.Object({ file_id: Type.String() });

const StarsPayment = Type.Object({
  currency: Type.String({ maxLength: 8 }),
  total_amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  invoice_payload: Type.String({ maxLength: 128 }),
  telegram_payment_charge_id: Type.String({ minLength: 1, maxLength: 255 }),
});

const Message = Type.Object({
  message_id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  date: Seconds,
  chat: Chat,
  from: Type.Optional(User),
  text: Type.Optional(Type.String()),
  caption: Type.Optional(Type.String()),
  photo: Type.Optional(Type.Array(File)),
  video: Type.Optional(File),
  animation: Type.Optional(File),
  audio: Type.Optional(File),
  voice: Type.Optional(File),
  video_note: Type.Optional(File),
  document: Type.Optional(File),
  sticker: Type.Optional(File),
  successful_payment: Type.Optional(StarsPayment),
  refunded_payment: Type.Optional(StarsPayment),
});

/** The fields we read, checked; everything else of the Bot API passes through unread. */
export const TelegramUpdate = Type.Object({
  update_id: Id,
  message: Type.Optional(Message),
  callback_query: Type.Optional(
    Type.Object({
      id: Type.String({ minLength: 1 }),
      from: User,
      data: Type.Optional(Type.String()),
      message: Type.Optional(Type.Object({ message_id: Type.Integer({ minimum: 0 }), chat: Chat })),
    }),
  ),
  pre_checkout_query: Type.Optional(
    Type.Object({
      id: Type.String({ minLength: 1 }),
      from: User,
      currency: Type.String({ maxLength: 8 }),
      total_amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      invoice_payload: Type.String({ maxLength: 128 }),
    }),
  ),
  my_chat_member: Type.Optional(
    Type.Object({ chat: Chat, from: User, date: Seconds, new_chat_member: Type.Object({ status: Type.String() }) }),
  ),
});
export type TelegramUpdate = Static<typeof TelegramUpdate>;
type Message = Static<typeof Message>;

const checker = TypeCompiler.Compile(TelegramUpdate);

/** Whether a parsed JSON value is an Update that we can rely on. */
export function isUpdate(value: unknown): value is TelegramUpdate {
  return checker.Check(value);
}

/** Names the first field that is not as Telegram sends it; never its value. */
export function faultOf(value: unknown): string {
  const first = checker.Errors(value).First();
  return first ? `${first.path || "/"}: ${first.message}` : "unknown";
}

/** The kinds of update we ask Telegram for. */
export const ALLOWED_UPDATES = [
  "message",
  "edited_message",
  "callback_query",
  "my_chat_member",
  "pre_checkout_query",
] as const;

/** A person, as far as Telegram tells. Texts are safe to keep: no NUL, no half surrogate pair. */
export type Person = {
  chatId: ChatId;
  firstName: string;
  lastName: string | null;
  username: string | null;
  languageCode: string | null;
  isPremium: boolean;
};

type Said = { person: Person; messageId: MessageId; at: Date; text: string };

/** What an update means to us. */
export type Incoming =
  | ({ kind: "start"; payload: string | null } & Said)
  | ({ kind: "text" } & Said)
  | ({ kind: "media"; media: string; fileId: string | null } & Said)
  | { kind: "tap"; person: Person; callbackQueryId: string; key: string }
  /** May this invoice be paid? Telegram waits ten seconds for the answer. */
  | { kind: "checkout"; person: Person; queryId: string; payload: string; currency: string; amount: number }
  /** An invoice in Stars was paid, or its Stars were given back. */
  | ({ kind: "stars"; payload: string; currency: string; amount: number; paymentId: string; isRefund: boolean } & Said)
  | { kind: "member"; person: Person; blocked: boolean }
  | { kind: "ignored"; why: string };

/** Reads an update. Groups, channels, edits, bots and kinds we do not know are ignored by name. */
export function readUpdate(update: TelegramUpdate): Incoming {
  if (update.message) return readMessage(update.message);
  if (update.callback_query) return readTap(update.callback_query);
  if (update.pre_checkout_query) return readCheckout(update.pre_checkout_query);
  if (update.my_chat_member) return readMember(update.my_chat_member);
  const kind = Object.keys(update).find((key) => key !== "update_id");
  return { kind: "ignored", why: kind ?? "empty" };
}

/** Whether it asks nothing of us. */
export const isIgnored = (update: TelegramUpdate): boolean => readUpdate(update).kind === "ignored";

/** Whether a person waits for the answer: /start, buttons and payments are dealt with at once, everything else through the queue. */
export function isUrgent(update: TelegramUpdate): boolean {
  const { message, callback_query, pre_checkout_query } = update;
  const isPayment = pre_checkout_query !== undefined || message?.successful_payment !== undefined;
  return isPayment || callback_query !== undefined || isStart(update);
}

/** Whether somebody says /start. */
export const isStart = ({ message }: TelegramUpdate): boolean => START.test(message?.text ?? "");

/** The last second of the last year of four digits: PostgreSQL does not read the longer ones as JavaScript writes them. */
const YEAR_9999 = 253_402_300_799;

const START = /^\/start(?:@\w+)?(?:\s|$)/i;
const START_WITH_PAYLOAD = /^\/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*$/i;
const MEDIA = ["photo", "video", "animation", "audio", "voice", "video_note", "document", "sticker"] as const;

function readMessage(message: Message): Incoming {
  const { chat, from } = message;
  if (chat.type !== "private" || chat.id <= 0)
    return { kind: "ignored", why: chat.type === "private" ? "chat" : chat.type.slice(0, 20) };
  // That Stars went back is told in the bot's own name.
  if (!from || (from.is_bot && !message.refunded_payment)) return { kind: "ignored", why: "bot" };
  const said: Said = {
    person: readPerson(from.is_bot ? chat : from, chat.id),
    messageId: message.message_id as MessageId,
    at: new Date(Math.min(message.date, YEAR_9999) * 1_000),
    text: keepable(message.text ?? message.caption ?? "", limits.textUnits),
  };
  const stars = message.successful_payment ?? message.refunded_payment;
  if (stars) return { ...readStars(stars, message.refunded_payment !== undefined), ...said };
  if (START.test(said.text))
    return { kind: "start", payload: START_WITH_PAYLOAD.exec(said.text)?.[1] ?? null, ...said };
  if (message.text !== undefined) return { kind: "text", ...said };
  const media = MEDIA.find((kind) => message[kind] !== undefined);
  return media
    ? { kind: "media", media, fileId: fileIdOf(message, media), ...said }
    : { kind: "media", media: "other", fileId: null, ...said };
}

function readStars(payment: Static<typeof StarsPayment>, isRefund: boolean) {
  return {
    kind: "stars" as const,
    payload: keepable(payment.invoice_payload, 128),
    currency: keepable(payment.currency, 8),
    amount: payment.total_amount,
    paymentId: keepable(payment.telegram_payment_charge_id, 255),
    isRefund,
  };
}

function readCheckout(query: NonNullable<TelegramUpdate["pre_checkout_query"]>): Incoming {
  return {
    kind: "checkout",
    person: readPerson(query.from, query.from.id),
    queryId: query.id,
    payload: keepable(query.invoice_payload, 128),
    currency: keepable(query.currency, 8),
    amount: query.total_amount,
  };
}

function fileIdOf(message: Message, media: (typeof MEDIA)[number]): string | null {
  // A photo comes in several sizes, the largest last.
  const file = media === "photo" ? message.photo?.at(-1) : message[media];
  return file ? keepable(file.file_id, 512) : null;
}

function readTap(query: NonNullable<TelegramUpdate["callback_query"]>): Incoming {
  const chat = query.message?.chat;
  if (query.from.is_bot || (chat && chat.type !== "private")) return { kind: "ignored", why: "callback_query" };
  return {
    kind: "tap",
    person: readPerson(query.from, query.from.id),
    callbackQueryId: query.id,
    key: keepable(query.data ?? "", 64),
  };
}

function readMember(change: NonNullable<TelegramUpdate["my_chat_member"]>): Incoming {
  if (change.chat.type !== "private" || change.chat.id <= 0) return { kind: "ignored", why: "my_chat_member" };
  const { status } = change.new_chat_member;
  return {
    kind: "member",
    person: readPerson(change.from, change.chat.id),
    blocked: status === "kicked" || status === "left",
  };
}

function readPerson(user: Partial<Static<typeof User>>, chatId: number): Person {
  const text = (value: string | undefined): string | null => (value === undefined ? null : keepable(value, 256));
  return {
    chatId: chatId as ChatId,
    firstName: keepable(user.first_name ?? "", 256),
    lastName: text(user.last_name),
    username: text(user.username),
    languageCode: text(user.language_code),
    isPremium: user.is_premium === true,
  };
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, and one such character must not spoil the batch it is in. */
function keepable(text: string, maxUnits: number): string {
  return text.slice(0, maxUnits).toWellFormed().replaceAll("\0", "\uFFFD");
}
