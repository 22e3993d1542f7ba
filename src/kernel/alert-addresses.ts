// Reads the operator's addresses as the settings hold them.

/** A chat, and the bot that writes to it. */
export type AlertChat = { token: string; chatId: number };

/** `BOT_TOKEN@CHAT_ID`, comma-separated; groups have negative numbers. Undefined when one is of another form. */
export function readAlertChats(text: string | undefined): AlertChat[] | undefined {
  const read = partsOf(text).map((part) => /^(\d{3,}:[\w-]{20,})@(-?\d{1,16})$/.exec(part));
  if (read.includes(null)) return undefined;
  return read.map((part) => ({ token: part?.[1] ?? "", chatId: Number(part?.[2]) }));
}

/** E-mail addresses, comma-separated. Undefined when one is none. */
export function readAlertEmails(text: string | undefined): string[] | undefined {
  const emails = partsOf(text);
  return emails.every((email) => /^[^\s@<>",;]+@[\w.-]+$/.test(email)) ? emails : undefined;
}

const partsOf = (text = ""): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
