// The floor: the least program that receives an update, commits one row and sends one message, with the parts that grimbots is made of.
// It knows no customers, no repeats and no failures, and forgets the message when it ends: nothing that keeps these promises is cheaper.

import { readFileSync } from "node:fs";
import postgres from "postgres";
import type { PeerSettings } from "./settings.ts";
import { welcome } from "./welcome.mjs";

type Update = { update_id: number; message: { chat: { id: number }; from: { first_name: string } } };

/** As many as a process of grimbots has. */
const CONNECTIONS = 10;

const { port, apiRoot, database, bots } = JSON.parse(readFileSync(Bun.argv[2] ?? "", "utf8")) as PeerSettings;
const sql = postgres({ ...database, max: CONNECTIONS, fetch_types: false });
const sending = new Map(bots.map(({ botId, ...bot }) => [String(botId), bot]));

async function send(token: string, photo: string, { message }: Update): Promise<void> {
  const response = await fetch(`${apiRoot}/bot${token}/sendPhoto`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ chat_id: message.chat.id, photo, ...welcome(message.from.first_name) }),
  });
  await response.arrayBuffer();
}

Bun.serve({
  port,
  hostname: "127.0.0.1",
  routes: {
    "/ready": async () => new Response(JSON.stringify(await sql`SELECT 1`)),
    "/webhook/telegram/:botId": async (request) => {
      const { botId } = request.params;
      const bot = sending.get(botId);
      if (!bot || request.headers.get("x-telegram-bot-api-secret-token") !== bot.secretToken)
        return new Response(null, { status: 401 });
      const body = await request.text();
      const update = JSON.parse(body) as Update;
      await sql`INSERT INTO inbox (bot_id, update_id, body) VALUES (${botId}, ${update.update_id}, ${body})`;
      void send(bot.token, bot.photo, update);
      return new Response(null, { status: 200 });
    },
  },
});
