// The conversation's line: loads the people of a batch under their row locks, lets `decide` think, saves what it decided.

import type { Database, Statement, Transaction } from "#db/connect.ts";
import { timesOf } from "#db/values.ts";
import type { Customer, Decision, InboxRow, RowKey } from "../inbox/line.ts";
import type { BotId, ChatId, CustomerId, FunnelVersionId, RowId, Slot } from "../kernel/ids.ts";
import type { Bots } from "./bots.ts";
import { decide, type FunnelVersion } from "./decide.ts";
import { type Funnels, openFunnels } from "./funnels.ts";
import { type Incoming, type Person, readUpdate, type TelegramUpdate } from "./update.ts";

export type TelegramRow = InboxRow<TelegramUpdate>;

/** A row as it was read, before any lock is taken: what it says, and the funnels that it may concern. */
export type Prepared = { row: TelegramRow; incoming: Incoming; current?: FunnelVersion; tapped?: FunnelVersion };

/** A decided row. `after`: the earlier row whose messages to this chat were not all out when the customer was locked. */
export type Decided = { row: TelegramRow; chatId: ChatId | null; decision: Decision; after: RowKey | null };

export type Conversation = {
  prepare(rows: TelegramRow[]): Promise<Prepared[]>;
  /** Locks the customers of these rows. */
  load(tx: Transaction, prepared: Prepared[], now: Date): Promise<People>;
  /** Decides the rows in order, each on the state that the one before it left. */
  decide(prepared: Prepared[], people: People, now: Date): Decided[];
  /** Saves customers and messages; effects and rows are saved by the spine. */
  save(tx: Transaction, decided: Decided[]): Statement[];
};

export function openConversation(options: { sql: Database; bots: Bots }): Conversation {
  const { bots } = options;
  const funnels = openFunnels(options.sql);
  return {
    prepare: (rows) => Promise.all(rows.map((row) => prepareRow(row, bots, funnels))),
    async load(tx, prepared, now) {
      const people = await lockCustomers(tx, prepared, now);
      await findOwnVersions(people, funnels);
      return people;
    },
    decide: (prepared, people, now) => prepared.map((one) => decideRow(one, people, now)),
    save: (tx, decided) => [...saveCustomers(tx, decided), ...saveMessages(tx, decided)],
  };
}

async function prepareRow(row: TelegramRow, bots: Bots, funnels: Funnels): Promise<Prepared> {
  const incoming = readUpdate(row.update);
  if (incoming.kind === "ignored" || incoming.kind === "member") return { row, incoming };
  const bot = await bots.find(row.botId);
  const current = bot?.funnelVersionId ? await funnels.find(bot.funnelVersionId) : undefined;
  const tapped = incoming.kind === "tap" ? await funnels.findByButton(row.botId, incoming.key) : undefined;
  return { row, incoming, ...(current && { current }), ...(tapped && { tapped }) };
}

/** A locked customer, the row that last sent him something if that is not finished, and the version in which he stands. */
export type Locked = { customer: Customer; after: RowKey | null; own?: FunnelVersion };
export type People = Map<string, Locked>;

const nameOf = (botId: BotId, chatId: ChatId): string => `${botId}:${chatId}`;

function decideRow({ row, incoming, current, tapped }: Prepared, people: People, now: Date): Decided {
  const person = "person" in incoming ? incoming.person : undefined;
  const locked = person && people.get(nameOf(row.botId, person.chatId));
  if (!person || !locked) return { row, chatId: null, decision: { outcome: "ignored", effects: [] }, after: null };
  const { customer, after, own } = locked;
  const versions = { ...(current && { current }), ...(own && { own }), ...(tapped && { tapped }) };
  const scene = { customer, receivedAt: row.receivedAt, now, ...versions };
  const decision = decide(incoming, scene);
  // What the next row of this chat in the batch finds.
  locked.customer = decision.customer ?? customer;
  if (decision.effects.some((effect) => effect.kind === "send")) locked.after = { slot: row.slot, id: row.id };
  return { row, chatId: person.chatId, decision, after };
}

type CustomerRow = {
  id: CustomerId;
  bot_id: BotId;
  chat_id: ChatId;
  first_name: string | null;
  last_name: string | null;
  funnel_version_id: FunnelVersionId | null;
  step_id: string | null;
  start_payload: string | null;
  started_at: Date | null;
  answered_what: string | null;
  answered_at: Date | null;
  blocked_at: Date | null;
};

/**
 * Locks every customer of the batch, making those that are new, always in the same order, so that two batches never wait for each
 * other in a ring. One update of a chat is decided at a time: a second batch waits here for the commit of the first.
 */
async function lockCustomers(tx: Transaction, prepared: Prepared[], now: Date): Promise<People> {
  const keys = customerKeys(prepared);
  if (keys.length === 0) return new Map();
  const botIds = keys.map((key) => key.botId);
  const chatIds = keys.map((key) => key.person.chatId);
  const [, locked, unfinished] = await Promise.all([
    tx`INSERT INTO customer (bot_id, chat_id, first_name, last_name, created_at, seen_at)
      SELECT p.*, ${now}::timestamptz, ${now}::timestamptz
      FROM unnest(${botIds}::bigint[], ${chatIds}::bigint[],
                  ${keys.map((key) => key.person.firstName)}::text[], ${keys.map((key) => key.person.lastName)}::text[]) AS p
      ON CONFLICT (bot_id, chat_id) DO NOTHING`,
    tx<CustomerRow[]>`
      SELECT c.* FROM unnest(${botIds}::bigint[], ${chatIds}::bigint[]) AS key (bot_id, chat_id)
      CROSS JOIN LATERAL (
        SELECT id, bot_id, chat_id, first_name, last_name, funnel_version_id, step_id, start_payload, started_at, answered_what,
          answered_at, blocked_at
        FROM customer WHERE customer.bot_id = key.bot_id AND customer.chat_id = key.chat_id LIMIT 1 FOR UPDATE) AS c`,
    // A statement of its own: its snapshot is younger than the locks, so it sees what the transactions we waited for have written.
    tx<{ bot_id: BotId; chat_id: ChatId; slot: Slot; id: RowId }[]>`
      SELECT c.* FROM unnest(${botIds}::bigint[], ${chatIds}::bigint[]) AS key (bot_id, chat_id)
      CROSS JOIN LATERAL (
        SELECT customer.bot_id, customer.chat_id, last_slot AS slot, last_row_id AS id FROM customer
        WHERE customer.bot_id = key.bot_id AND customer.chat_id = key.chat_id
          AND (SELECT 1 FROM effect WHERE effect.slot = customer.last_slot AND effect.row_id = customer.last_row_id
                 AND kind = 'send' AND state = 'pending' LIMIT 1) IS NOT NULL LIMIT 1) AS c`,
  ]);
  const after = new Map(unfinished.map((row) => [nameOf(row.bot_id, row.chat_id), { slot: row.slot, id: row.id }]));
  return new Map(
    locked.map((row) => {
      const name = nameOf(row.bot_id, row.chat_id);
      return [name, { customer: asCustomer(row), after: after.get(name) ?? null }];
    }),
  );
}

/** Versions never change, so after the first time they come from memory. */
async function findOwnVersions(people: People, funnels: Funnels): Promise<void> {
  for (const locked of people.values()) {
    const id = locked.customer.funnelVersionId;
    const own = id === null ? undefined : await funnels.find(id);
    if (own) locked.own = own;
  }
}

function customerKeys(prepared: Prepared[]): { botId: BotId; person: Person }[] {
  const keys = new Map<string, { botId: BotId; person: Person }>();
  for (const { row, incoming } of prepared) {
    if ("person" in incoming)
      keys.set(nameOf(row.botId, incoming.person.chatId), { botId: row.botId, person: incoming.person });
  }
  return [...keys.values()].sort((a, b) => a.botId - b.botId || a.person.chatId - b.person.chatId);
}

function saveCustomers(tx: Transaction, decided: Decided[]): Statement[] {
  // The last state of each: rows of one chat were decided one after the other.
  const latest = new Map<CustomerId, { customer: Customer; seenAt: Date; last: RowKey | null }>();
  for (const { decision, row } of decided) {
    if (!decision.customer) continue;
    const before = latest.get(decision.customer.id);
    const sends = decision.effects.some((effect) => effect.kind === "send");
    latest.set(decision.customer.id, {
      customer: decision.customer,
      seenAt: row.receivedAt,
      last: sends ? { slot: row.slot, id: row.id } : (before?.last ?? null),
    });
  }
  if (latest.size === 0) return [];
  const rows = [...latest.values()];
  const customers = rows.map((row) => row.customer);
  return [
    tx`
    UPDATE customer SET funnel_version_id = c.funnel_version_id, step_id = c.step_id, start_payload = c.start_payload,
      started_at = c.started_at, answered_what = c.answered_what, answered_at = c.answered_at, blocked_at = c.blocked_at,
      seen_at = c.seen_at, last_slot = coalesce(c.last_slot, customer.last_slot),
      last_row_id = coalesce(c.last_row_id, customer.last_row_id)
    FROM unnest(
      ${customers.map((c) => c.id)}::bigint[], ${customers.map((c) => c.funnelVersionId)}::bigint[],
      ${customers.map((c) => c.stepId)}::text[], ${customers.map((c) => c.startPayload)}::text[],
      ${timesOf(customers.map((c) => c.startedAt))}::timestamptz[], ${customers.map((c) => c.answeredWhat)}::text[],
      ${timesOf(customers.map((c) => c.answeredAt))}::timestamptz[], ${timesOf(customers.map((c) => c.blockedAt))}::timestamptz[],
      ${timesOf(rows.map((row) => row.seenAt))}::timestamptz[], ${rows.map((row) => row.last?.slot ?? null)}::int[],
      ${rows.map((row) => row.last?.id ?? null)}::bigint[])
      AS c (id, funnel_version_id, step_id, start_payload, started_at, answered_what, answered_at, blocked_at, seen_at, last_slot, last_row_id)
    WHERE customer.id = c.id`,
  ];
}

function saveMessages(tx: Transaction, decided: Decided[]): Statement[] {
  const kept = decided.flatMap(({ row, chatId, decision: { message } }) =>
    message && chatId ? [{ botId: row.botId, chatId, message }] : [],
  );
  if (kept.length === 0) return [];
  return [
    tx`
    INSERT INTO message (bot_id, chat_id, message_id, outgoing, kind, body, file_id, at)
    SELECT m.bot_id, m.chat_id, m.message_id, false, m.kind, m.body, m.file_id, m.at FROM unnest(
      ${kept.map((one) => one.botId)}::bigint[], ${kept.map((one) => one.chatId)}::bigint[],
      ${kept.map((one) => one.message.messageId)}::bigint[], ${kept.map((one) => one.message.kind)}::text[],
      ${kept.map((one) => one.message.body)}::text[], ${kept.map((one) => one.message.fileId)}::text[],
      ${timesOf(kept.map((one) => one.message.at))}::timestamptz[]) AS m (bot_id, chat_id, message_id, kind, body, file_id, at)
    ON CONFLICT DO NOTHING`,
  ];
}

function asCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    botId: row.bot_id,
    chatId: row.chat_id,
    firstName: row.first_name,
    lastName: row.last_name,
    funnelVersionId: row.funnel_version_id,
    stepId: row.step_id,
    startPayload: row.start_payload,
    startedAt: row.started_at,
    answeredWhat: row.answered_what,
    answeredAt: row.answered_at,
    blockedAt: row.blocked_at,
  };
}
