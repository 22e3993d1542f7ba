// Webhook posts as Telegram makes them: a private /start of somebody the bot has never met, words of somebody who has begun, an edited
// message. Every character beyond ASCII is escaped.

import { mixedChat } from "./growth-people.ts";

export type BenchBot = { botId: number; token: string; secretToken: string };

/**
 * `start`: by somebody new · `mixed`: a /start, every other one by somebody known (growth-people.ts) · `text`: by one of the people who have
 * begun · `edited`: a message that was changed, needs no answer.
 */
export type Sort = "start" | "mixed" | "text" | "edited";

const FIRST_NAMES = ["Alice", "Bob", "Jo\\u00e3o", "Ana L\\u00facia", "Ot\\u00e1vio", "Sofia"];
const WORDS = ["Oi", "Quanto custa?", "Tem desconto \\u00e0 vista?", "N\\u00e3o entendi, como funciona?", "Vou pensar"];
const FIRST_UPDATE = 100_000_000;

/** The chats of those who have begun, which the stage prepares: ids from `first`, of the bot at place id % bots. */
export const begun = { first: 4_000_000_000, count: 5_000 };

/**
 * Gives the whole request of arrival `n`, a number that is never given twice; for a /start of somebody new it is the chat's id.
 * `nowSeconds` is when the person wrote.
 */
export function requestsOf(
  url: string,
  bots: readonly BenchBot[],
  sort: Sort = "start",
): (n: number, nowSeconds: number) => string {
  const heads = bots.map(
    ({ botId, secretToken }) =>
      `POST /webhook/telegram/${botId} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\n` +
      `X-Telegram-Bot-Api-Secret-Token: ${secretToken}\r\nConnection: keep-alive\r\nContent-Length: `,
  );
  return (n, nowSeconds) => {
    const chatId = chatOf(sort, n);
    const body = `{"update_id":${FIRST_UPDATE + (n % 1_000_000_000)},${contentOf(sort, { n, chatId, nowSeconds })}}`;
    return `${heads[chatId % heads.length]}${body.length}\r\n\r\n${body}`;
  };
}

function chatOf(sort: Sort, n: number): number {
  if (sort === "start") return n;
  return sort === "mixed" ? mixedChat(n) : begun.first + (n % begun.count);
}

type Writing = { n: number; chatId: number; nowSeconds: number };

function contentOf(sort: Sort, { n, chatId, nowSeconds }: Writing): string {
  const people = peopleOf(chatId);
  if (sort === "start" || sort === "mixed")
    return (
      `"message":{"message_id":1,${people},"date":${nowSeconds},"text":"/start campanha_42",` +
      `"entities":[{"offset":0,"length":6,"type":"bot_command"}]}`
    );
  // Nobody writes two messages of the same number into one chat.
  const messageId = 2 + (n % 1_000_000_000);
  const text = `"text":"${WORDS[n % WORDS.length]}"`;
  if (sort === "text") return `"message":{"message_id":${messageId},${people},"date":${nowSeconds},${text}}`;
  return `"edited_message":{"message_id":${messageId},${people},"date":${nowSeconds - 60},"edit_date":${nowSeconds},${text}}`;
}

function peopleOf(chatId: number): string {
  const name = `"first_name":"${FIRST_NAMES[chatId % FIRST_NAMES.length]}","last_name":"de Souza","username":"person_${chatId}"`;
  return (
    `"from":{"id":${chatId},"is_bot":false,${name},"language_code":"pt-br"},` +
    `"chat":{"id":${chatId},${name},"type":"private"}`
  );
}
