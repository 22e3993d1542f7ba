// Broadcasts in the API: one message to all customers of a bot, made, watched, paused, resumed and cancelled.

import { Type } from "@sinclair/typebox";
import { checkContent } from "../../broadcasts/content.ts";
import { listBroadcasts, type Move, makeBroadcast, moveBroadcast, readBroadcast } from "../../broadcasts/store.ts";
import { RejectedError } from "../../kernel/errors.ts";
import type { BotId, BroadcastId } from "../../kernel/ids.ts";
import { limits } from "../../kernel/limits.ts";
import { beforeOf, limitOf, pageOf, pageQuery } from "./page.ts";
import { checkBody, checkQuery, needId, notThere, type Resource } from "./resource.ts";

const NoQuery = Type.Object({}, { additionalProperties: false });
const ListQuery = Type.Object(pageQuery, { additionalProperties: false });
const Body = Type.Object(
  {
    botId: Type.Integer({ title: "the number of a bot", minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    content: Type.Unknown({ title: "the message" }),
    rate: Type.Optional(
      Type.Integer({
        title: `a whole number of messages per second, from 1 to ${limits.bulkPerSecond}`,
        minimum: 1,
        maximum: limits.bulkPerSecond,
      }),
    ),
  },
  { additionalProperties: false },
);

/** 201 with `{broadcastId, recipients}`: it is kept, and its first message leaves within a second. */
const make: Resource = {
  method: "POST",
  path: "/broadcasts",
  async answer({ app, session: { tenantId }, query, readBody }) {
    checkQuery(NoQuery, query);
    const { botId, content, rate = limits.bulkPerSecond } = checkBody(Body, await readBody());
    const checked = checkContent(content);
    if (!checked.ok) throw new RejectedError(400, `A mensagem tem problemas: ${checked.problems.join("; ")}.`);
    const order = { tenantId, botId: botId as BotId, content: checked.content, rate };
    const made = await makeBroadcast(app.sql, order, app.clock.now());
    if (!made) throw notThere("bot");
    void app.broadcasting?.look();
    return { status: 201, body: made };
  },
};

/**
 * 200 with `{id, botId, state, reason, rate, total, recipients, sent, refused, unknown, skipped, createdAt, finishedAt, content}`; when it is
 * done, sent + refused + unknown + skipped = total.
 */
const show: Resource = {
  method: "GET",
  path: "/broadcasts/:id",
  async answer({ app, session, id, query }) {
    checkQuery(NoQuery, query);
    const found = await readBroadcast(app.sql, session.tenantId, needId<BroadcastId>(id, "broadcast"));
    if (!found) throw notThere("broadcast");
    return { body: found };
  },
};

/** 200 with `{items, next}`, the newest first; each as above, without its content. */
const list: Resource = {
  method: "GET",
  path: "/broadcasts",
  async answer({ app, session, query }) {
    const asked = checkQuery(ListQuery, query);
    const limit = limitOf(asked);
    const found = await listBroadcasts(app.sql, session.tenantId, { limit: limit + 1, before: beforeOf(asked) });
    return { body: pageOf(found, limit, (one) => [one.id]) };
  },
};

/** 200 with the broadcast, again and again the same; within a second it is so. 409 when it is over. */
const moving = (move: Move): Resource => ({
  method: "POST",
  path: `/broadcasts/:id/${move}`,
  async answer({ app, session, id, query }) {
    checkQuery(NoQuery, query);
    const broadcastId = needId<BroadcastId>(id, "broadcast");
    const moved = await moveBroadcast(app.sql, session.tenantId, broadcastId, move, app.clock.now());
    if (!moved) throw notThere("broadcast");
    void app.broadcasting?.look();
    return { body: moved };
  },
});

export const broadcasts = [make, show, list, moving("pause"), moving("resume"), moving("cancel")];
