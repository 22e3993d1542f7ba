// Notices in the API: those of a seller's accounts that are about charges which nobody here knows.

import { Type } from "@sinclair/typebox";
import { listOrphanNotices } from "../../payments/orphan-notices.ts";
import { beforeOf, limitOf, pageOf, pageQuery } from "./page.ts";
import { checkQuery, type Resource } from "./resource.ts";

const Query = Type.Object(
  { ...pageQuery, state: Type.Literal("orphan", { title: "orphan" }) },
  { additionalProperties: false },
);

/** 200 with `{items: [{id, gateway, accountId, verdict, state, why, repeats, receivedAt, encoding, body}], next}`, the newest first. */
const list: Resource = {
  method: "GET",
  path: "/notices",
  async answer({ app, session, query }) {
    const asked = checkQuery(Query, query);
    const limit = limitOf(asked);
    const found = await listOrphanNotices(app.sql, session.tenantId, { limit: limit + 1, before: beforeOf(asked) });
    return { body: pageOf(found, limit, ({ id }) => [id]) };
  },
};

export const notices = [list];
