// Reconciliations in the API.

import { Type } from "@sinclair/typebox";
import { listReconciliations } from "../../payments/reconciliations.ts";
import { beforeOf, limitOf, pageOf, pageQuery } from "./page.ts";
import { checkQuery, type Resource } from "./resource.ts";

const Query = Type.Object(pageQuery, { additionalProperties: false });

/**
 * 200 with `{items: [{id, accountId, gateway, day, method, gatewayAmount, ledgerAmount, unexplained, findings, at}], next}`, the newest
 * first.
 */
const list: Resource = {
  method: "GET",
  path: "/reconciliations",
  async answer({ app, session, query }) {
    const asked = checkQuery(Query, query);
    const limit = limitOf(asked);
    const found = await listReconciliations(app.sql, session.tenantId, { limit: limit + 1, before: beforeOf(asked) });
    return { body: pageOf(found, limit, ({ id }) => [id]) };
  },
};

export const reconciliations = [list];
