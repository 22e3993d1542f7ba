// Branded ids: a number that names a bot is no number that names a chat.

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Our own ids: positive, below 2^53, from PostgreSQL identity columns. */
export type TenantId = Branded<number, "TenantId">;
export type BotId = Branded<number, "BotId">;
export type CustomerId = Branded<number, "CustomerId">;
export type FunnelVersionId = Branded<number, "FunnelVersionId">;
/** A seller's account at a payment gateway. */
export type AccountId = Branded<number, "AccountId">;
export type OfferId = Branded<number, "OfferId">;
export type OrderId = Branded<number, "OrderId">;
export type ChargeId = Branded<number, "ChargeId">;
export type NoticeId = Branded<number, "NoticeId">;
export type DeliveryId = Branded<number, "DeliveryId">;
export type BroadcastId = Branded<number, "BroadcastId">;
export type ProcessId = Branded<number, "ProcessId">;
/** Telegram's ids: at most 52 significant bits, so a JavaScript number holds them. */
export type TelegramBotId = Branded<number, "TelegramBotId">;
export type ChatId = Branded<number, "ChatId">;
export type UpdateId = Branded<number, "UpdateId">;
export type MessageId = Branded<number, "MessageId">;
/** Position of a row in the inbox: the partition it lives in, and its number there. */
export type Slot = Branded<number, "Slot">;
export type RowId = Branded<number, "RowId">;

/** Reads a positive whole number from text, as doors and commands receive ids. */
export function parseId<Id extends number>(text: string): Id | undefined {
  if (!/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? (id as Id) : undefined;
}
