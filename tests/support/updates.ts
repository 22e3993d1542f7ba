// Updates as Telegram builds them, for posting at the door.

/** The world's clock begins here: 2026-03-01T12:00:00Z. */
export const NOON_SECONDS = 1_772_366_400;

let messages = 1_000;

/** A private message of a person whose id is the chat's. `content`: what it carries, a text or a medium. */
export function messageOf(
  chatId: number,
  content: Record<string, unknown>,
  person: Record<string, unknown> = {},
): { message: Record<string, unknown> } {
  return {
    message: {
      message_id: ++messages,
      date: NOON_SECONDS,
      chat: { id: chatId, type: "private" },
      from: { id: chatId, is_bot: false, first_name: "Alice", ...person },
      ...content,
    },
  };
}

/** A tap on a button that carries `data`; `queryId` as the fake Telegram knows it, else one that it does not. */
export function tapOf(
  chatId: number,
  data: string,
  queryId = `query-${++messages}`,
): { callback_query: Record<string, unknown> } {
  return {
    callback_query: {
      id: queryId,
      from: { id: chatId, is_bot: false, first_name: "Alice" },
      message: { message_id: 1, date: NOON_SECONDS, chat: { id: chatId, type: "private" } },
      chat_instance: String(chatId),
      data,
    },
  };
}

type Button = { text: string; callback_data?: string; url?: string };

/** The buttons under a sent message, row after row; a form carries them as a string. */
export function buttonsOf({ payload }: { payload: Record<string, unknown> }): Button[] {
  const markup = payload.reply_markup ?? { inline_keyboard: [] };
  const keyboard = typeof markup === "string" ? JSON.parse(markup) : markup;
  return (keyboard as { inline_keyboard: Button[][] }).inline_keyboard.flat();
}

/** The callback data of the button with this text. */
export function dataOf(sent: { payload: Record<string, unknown> } | undefined, text: string): string {
  const button = sent && buttonsOf(sent).find((one) => one.text === text);
  if (!button?.callback_data) throw new Error(`there is no button "${text}" that comes back to us`);
  return button.callback_data;
}
