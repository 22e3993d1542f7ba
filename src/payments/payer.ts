// What a customer told about himself for gateways that must know it: kept sealed, opened for the moment of a charge.

import type { BotId, ChatId } from "../kernel/ids.ts";
import type { Keyring } from "../kernel/secret.ts";
import type { Checkout } from "./checkout.ts";
import type { Payer, PayerField } from "./gateways/gateway.ts";

type Told = Partial<Record<PayerField, string>>;

/** Where it is sealed for. */
export const payerPlace = (botId: BotId, chatId: ChatId): string => `payer.sealed:${botId}:${chatId}`;

/** The name is the one that he goes by in Telegram; what he did not tell is null, never invented. */
export function readPayer(keyring: Keyring, { order, person, payerSealed }: Checkout): Payer {
  const told: Told = payerSealed === null ? {} : openTold(keyring, payerSealed, order);
  const name = [person.firstName, person.lastName].filter(Boolean).join(" ");
  return { name: name || null, cpf: told.cpf ?? null, email: told.email ?? null };
}

/** What was told so far and one thing more, sealed. */
export function addTold(
  keyring: Keyring,
  known: string | null,
  who: { botId: BotId; chatId: ChatId },
  field: PayerField,
  value: string,
): string {
  const told = known === null ? {} : openTold(keyring, known, who);
  return keyring.seal(JSON.stringify({ ...told, [field]: value }), payerPlace(who.botId, who.chatId));
}

function openTold(keyring: Keyring, sealed: string, { botId, chatId }: { botId: BotId; chatId: ChatId }): Told {
  return JSON.parse(keyring.open(sealed, payerPlace(botId, chatId))) as Told;
}
