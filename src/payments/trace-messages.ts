// The messages of an order's chat, each with the time that it took, as far as the rows that told it are still there.

import type { Database } from "#db/connect.ts";
import type { BotId, ChatId, OrderId } from "../kernel/ids.ts";
import { maskText } from "./mask.ts";
import type { TraceEvent } from "./trace-shape.ts";

/** How many messages before the order was opened, and from then on. */
const BEFORE = 50;
const AFTER = 150;
/**
 * Effects have no index by chat, for it would cost every message that goes out. They are looked for by number: so many before the first
 * row that the sale names, and after the last one. A milder traffic finds all of them, a storm those of the sale itself.
 */
const ROWS_AROUND = 20_000;

type MessageRow = {
  message_id: number;
  outgoing: boolean;
  kind: string;
  body: string | null;
  at: Date;
};
type EffectRow = {
  message_id: number | null;
  state: string;
  reason: string | null;
  method: string;
  text: string | null;
  created_at: Date;
  finished_at: Date | null;
};
type Where = { id: OrderId; bot_id: BotId; chat_id: ChatId; opened_at: Date; known: ReadonlySet<string> };

/** Events of messages in and out; those that Telegram did not take, too. */
export async function readTraceMessages(sql: Database, where: Where): Promise<TraceEvent[]> {
  const messages = await readMessages(sql, where);
  const effects = await readEffects(sql, where);
  const told = new Map<number, EffectRow>();
  // The first that names a message sent it; later ones edited it.
  for (const effect of effects)
    if (effect.message_id !== null && !told.has(effect.message_id)) told.set(effect.message_id, effect);
  return [
    ...messages.map((row) => kept(row, row.outgoing ? told.get(row.message_id) : undefined, where.known)),
    ...effects.filter(({ state }) => state !== "done").map((effect) => notThere(effect, where.known)),
  ];
}

function kept(row: MessageRow, effect: EffectRow | undefined, known: ReadonlySet<string>): TraceEvent {
  return {
    kind: "message",
    // Telegram's own date has whole seconds, and would come before what led to the message.
    at: (effect?.finished_at ?? row.at).toISOString(),
    messageId: row.message_id,
    direction: row.outgoing ? "out" : "in",
    what: row.kind,
    text: row.body === null ? null : maskText(row.body, known),
    latencyMs: effect?.finished_at ? effect.finished_at.getTime() - effect.created_at.getTime() : null,
    state: "done",
    why: null,
  };
}

function notThere(effect: EffectRow, known: ReadonlySet<string>): TraceEvent {
  return {
    kind: "message",
    at: (effect.finished_at ?? effect.created_at).toISOString(),
    messageId: null,
    direction: "out",
    what: effect.method,
    text: effect.text === null ? null : maskText(effect.text, known),
    latencyMs: null,
    state: effect.state,
    why: effect.reason,
  };
}

function readMessages(sql: Database, { bot_id: botId, chat_id: chatId, opened_at: openedAt }: Where) {
  return sql<MessageRow[]>`
    (SELECT message_id, outgoing, kind, body, at FROM message
     WHERE bot_id = ${botId} AND chat_id = ${chatId} AND at < ${openedAt} ORDER BY at DESC, message_id DESC LIMIT ${BEFORE})
    UNION ALL
    (SELECT message_id, outgoing, kind, body, at FROM message
     WHERE bot_id = ${botId} AND chat_id = ${chatId} AND at >= ${openedAt} ORDER BY at, message_id LIMIT ${AFTER})
    ORDER BY at, message_id`;
}

function readEffects(sql: Database, { id, bot_id: botId, chat_id: chatId }: Where) {
  return sql<EffectRow[]>`
    WITH named AS MATERIALIZED (
      SELECT shown_row_id AS row_id FROM charge WHERE order_id = ${id} AND shown_row_id IS NOT NULL
      UNION ALL SELECT row_id FROM delivery WHERE order_id = ${id} AND row_id IS NOT NULL
      UNION ALL SELECT last_row_id FROM customer WHERE bot_id = ${botId} AND chat_id = ${chatId} AND last_row_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM charge WHERE order_id = ${id} AND shown_row_id IS NOT NULL)),
    range AS MATERIALIZED (SELECT from_id, to_id FROM (
        SELECT row_id - ${ROWS_AROUND}::bigint AS from_id, row_id + ${ROWS_AROUND}::bigint AS to_id, row_number() OVER (ORDER BY row_id) AS first,
          row_number() OVER (ORDER BY row_id DESC) AS last FROM named) AS ends
      WHERE first = 1 OR last = 1)
    SELECT DISTINCT ON (slot, row_id, n) near.* FROM slot CROSS JOIN range CROSS JOIN LATERAL (
      SELECT effect.slot, row_id, n, message_id, state, reason, body ->> 'method' AS method, created_at, finished_at,
        coalesce(body -> 'payload' ->> 'text', body -> 'payload' ->> 'caption') AS text
      FROM effect WHERE effect.slot = slot.slot AND row_id BETWEEN range.from_id AND range.to_id
        AND kind = 'send' AND bot_id = ${botId} AND chat_id = ${chatId}
      ORDER BY effect.slot, row_id, n LIMIT ${BEFORE + AFTER}) AS near
    ORDER BY slot, row_id, n`;
}
