// Decisions about a batch of conversations as `saveDecisions` (src/inbox/decisions.ts) takes them; effects are added by the spine, which says
// who performs them.

import { type Decided, isFact, nameOf, type People } from "./conversation.ts";

export function describeDecisions(decided: Decided[], people: People) {
  const numbers = new Map([...people.keys()].map((name, n) => [name, n]));
  const personOf = ({ row, chatId }: Decided): number | null =>
    chatId === null ? null : (numbers.get(nameOf(row.botId, chatId)) ?? null);
  return {
    personOf,
    people: describePeople(decided, people),
    messages: decided.flatMap((one) => describeMessage(one, personOf(one))),
    rows: decided.map((one) => ({
      slot: one.row.slot,
      id: one.row.id,
      ...(one.decision.wipe && { wipe: true }),
      outcome: one.decision.outcome,
      person: personOf(one),
    })),
  };
}

function describePeople(decided: Decided[], people: People) {
  const byPerson = Map.groupBy(decided, ({ row, chatId }) => (chatId === null ? "" : nameOf(row.botId, chatId)));
  // In the order in which they are locked everywhere.
  return [...people]
    .map(([name, known], n) => ({ known, n, mine: byPerson.get(name) ?? [] }))
    .sort(
      (a, b) => a.known.customer.botId - b.known.customer.botId || a.known.customer.chatId - b.known.customer.chatId,
    )
    .map(({ known: { customer, version, person, isHimself }, n, mine }) => {
      const last = mine.findLast(({ decision }) => decision.effects.some((effect) => effect.kind === "send"))?.row;
      return {
        ...{
          n,
          bot_id: customer.botId,
          chat_id: customer.chatId,
          version,
          first_name: person.firstName,
          last_name: person.lastName,
        },
        ...(isHimself && {
          has_profile: true,
          username: person.username,
          language_code: person.languageCode,
          is_premium: person.isPremium,
        }),
        funnel_version_id: customer.funnelVersionId,
        step_id: customer.stepId,
        start_payload: customer.startPayload,
        started_at: customer.startedAt,
        answered_what: customer.answeredWhat,
        answered_at: customer.answeredAt,
        blocked_at: customer.blockedAt,
        asked: customer.asked,
        // Only he himself shows that he is there.
        seen_at: mine.findLast(({ row }) => !isFact(row))?.row.receivedAt,
        last_slot: last?.slot,
        last_row_id: last?.id,
      };
    });
}

function describeMessage({ row, chatId, decision: { message } }: Decided, person: number | null) {
  if (!message) return [];
  const { messageId, kind, body, fileId, at } = message;
  return [{ person, bot_id: row.botId, chat_id: chatId, message_id: messageId, kind, body, file_id: fileId, at }];
}
