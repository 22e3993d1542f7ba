// Alerts in the API: what a seller should look at, and saying that he has.

import { Type } from "@sinclair/typebox";
import { type Alert, listAlerts, seeAlert } from "../../payments/alerts.ts";
import { limitOf, pageOf, pageQuery, readCursor } from "./page.ts";
import { checkQuery, needId, notThere, type Resource } from "./resource.ts";

const Query = Type.Object(pageQuery, { additionalProperties: false });
const NoQuery = Type.Object({}, { additionalProperties: false });

/** 200 with `{items: [{id, kind, about, sentence, at, seenAt}], next}`: unseen ones first, then the newest. */
const list: Resource = {
  method: "GET",
  path: "/alerts",
  async answer({ app, session, query }) {
    const asked = checkQuery(Query, query);
    const limit = limitOf(asked);
    const [seen, id] = readCursor(asked, 2) ?? [];
    const after = id === undefined ? undefined : { isSeen: seen === 1, id };
    const alerts = await listAlerts(app.sql, session.tenantId, { limit: limit + 1, after });
    return { body: pageOf<Alert>(alerts, limit, (alert) => [alert.seenAt === null ? 0 : 1, alert.id]) };
  },
};

/** 200 with the alert; again and again the same answer. */
const seen: Resource = {
  method: "POST",
  path: "/alerts/:id/seen",
  async answer({ app, session, id, query }) {
    checkQuery(NoQuery, query);
    const alert = await seeAlert(app.sql, session.tenantId, needId(id, "alert"), app.clock.now());
    if (!alert) throw notThere("alert");
    return { body: alert };
  },
};

export const alerts = [list, seen];
