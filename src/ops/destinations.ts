// The operator's addresses: chats of Telegram, written to by a bot of his, and e-mail.

import { TransientError } from "../kernel/errors.ts";
import type { Note } from "./notification.ts";
import type { Destination } from "./outbox.ts";

/** A call of the Bot API by one bot; never throws for what Telegram or the network does. */
export type CallTelegram = (
  method: string,
  payload: Record<string, unknown>,
  signal?: AbortSignal,
) => Promise<{ ok: true; result: unknown } | { ok: false; reason: string }>;

/** A bot of the operator's, with the chats that it writes to; only these may acknowledge. */
export type AlertBot = {
  /** The public half of its token. */
  telegramId: number;
  chatIds: readonly number[];
  call: CallTelegram;
};

/** `hears`: whether taps on the bot's buttons reach us. */
export function telegramDestinations(bot: AlertBot, hears: () => Promise<boolean>): Destination[] {
  return bot.chatIds.map((chatId) => ({
    name: `telegram:${bot.telegramId}:${chatId}`,
    async send({ text, buttons }) {
      const mayTap = buttons.length > 0 && (await hears());
      const answer = await bot.call("sendMessage", {
        chat_id: chatId,
        text: mayTap || buttons.length === 0 ? text : `${text}\n\n${howToSilence(buttons)}`,
        link_preview_options: { is_disabled: true },
        ...(mayTap && { reply_markup: keyboardOf(buttons) }),
      });
      if (!answer.ok) throw new TransientError(`Telegram: ${answer.reason}`);
    },
  }));
}

export const keyboardOf = (buttons: Note["buttons"]) => ({
  inline_keyboard: buttons.map(({ text, data }) => [{ text, callback_data: data }]),
});

/** "ack:redis_down:…" → its name. */
const howToSilence = (buttons: Note["buttons"]): string =>
  `Para silenciar: ${buttons.map(({ data }) => `grimbots alerts ack ${data.split(":")[1]}`).join("; ")}`;

/** In seconds; a mail server that is slower is tried again. */
const SMTP_TIMEOUT_MS = 10_000;

/**
 * One mail to all addresses. `smtpUrl`: smtp://user:password@host:587 (STARTTLS where the server offers it) or smtps://…:465; `?from=` is the
 * sender, otherwise the user when he is an address, otherwise the first recipient.
 */
export function mailDestination(smtpUrl: string, to: readonly string[]): Destination {
  const url = new URL(smtpUrl);
  const user = decodeURIComponent(url.username);
  const from = url.searchParams.get("from") ?? (user.includes("@") ? user : to[0]);
  url.searchParams.delete("from");
  // A password never goes out in the open, but to a server on this machine.
  const requireTLS = user !== "" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return {
    name: "email",
    async send({ subject, text, buttons }) {
      // Loaded only by who sends a mail: it takes 13 ms.
      const { createTransport } = await import("nodemailer");
      const transport = createTransport({
        url: url.href,
        requireTLS,
        connectionTimeout: SMTP_TIMEOUT_MS,
        greetingTimeout: SMTP_TIMEOUT_MS,
        socketTimeout: SMTP_TIMEOUT_MS,
      });
      try {
        const body = buttons.length > 0 ? `${text}\n\n${howToSilence(buttons)}` : text;
        await transport.sendMail({ from, to: [...to], subject, text: body });
      } finally {
        transport.close();
      }
    },
  };
}
