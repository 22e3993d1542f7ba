// A webhook post as Telegram makes it: a private /start of somebody the bot has never met, every character beyond ASCII escaped.

export type BenchBot = { botId: number; token: string; secretToken: string };

const FIRST_NAMES = ["Alice", "Bob", "Jo\\u00e3o", "Ana L\\u00facia", "Ot\\u00e1vio", "Sofia"];
const FIRST_UPDATE = 100_000_000;

/** Gives the whole request for a chat; `nowSeconds` is when the person wrote. */
export function requestsOf(url: string, bots: readonly BenchBot[]): (chatId: number, nowSeconds: number) => string {
  const heads = bots.map(
    ({ botId, secretToken }) =>
      `POST /webhook/telegram/${botId} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\n` +
      `X-Telegram-Bot-Api-Secret-Token: ${secretToken}\r\nConnection: keep-alive\r\nContent-Length: `,
  );
  return (chatId, nowSeconds) => {
    const body = startUpdate(chatId, nowSeconds);
    return `${heads[chatId % heads.length]}${body.length}\r\n\r\n${body}`;
  };
}

function startUpdate(chatId: number, nowSeconds: number): string {
  const name = `"first_name":"${FIRST_NAMES[chatId % FIRST_NAMES.length]}","last_name":"de Souza","username":"person_${chatId}"`;
  return (
    `{"update_id":${FIRST_UPDATE + (chatId % 1_000_000_000)},"message":{"message_id":1,` +
    `"from":{"id":${chatId},"is_bot":false,${name},"language_code":"pt-br"},` +
    `"chat":{"id":${chatId},${name},"type":"private"},"date":${nowSeconds},"text":"/start campanha_42",` +
    `"entities":[{"offset":0,"length":6,"type":"bot_command"}]}}`
  );
}
