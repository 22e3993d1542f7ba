// Orders in the API: the dossier of one, and giving its money back.

import { Type } from "@sinclair/typebox";
import { CommandError, RejectedError } from "../../kernel/errors.ts";
import type { OrderId } from "../../kernel/ids.ts";
import { wishRefund } from "../../payments/refund.ts";
import { readTrace } from "../../payments/trace.ts";
import { checkQuery, needId, notThere, type Resource } from "./resource.ts";

const NoQuery = Type.Object({}, { additionalProperties: false });

/** 200 with the shape of src/payments/trace-shape.ts. */
const trace: Resource = {
  method: "GET",
  path: "/orders/:id/trace",
  async answer({ app, session, id, query }) {
    checkQuery(NoQuery, query);
    const found = await readTrace(app.sql, needId<OrderId>(id, "order"), session.tenantId);
    if (!found) throw notThere("order");
    return { body: found };
  },
};

/** 202 with `{orderId, chargeId}`: it is kept as a wish, and the gateway is asked within seconds; 409 when there is nothing to give back. */
const refund: Resource = {
  method: "POST",
  path: "/orders/:id/refund",
  async answer({ app, session: { tenantId }, id, query }) {
    checkQuery(NoQuery, query);
    const orderId = needId<OrderId>(id, "order");
    const [order] = await app.sql`SELECT 1 FROM orders WHERE id = ${orderId} AND tenant_id = ${tenantId}`;
    if (!order) throw notThere("order");
    try {
      return { status: 202, body: { orderId, chargeId: await wishRefund(app.payments.context, tenantId, orderId) } };
    } catch (error) {
      throw error instanceof CommandError ? new RejectedError(409, error.message) : error;
    }
  },
};

export const orders = [trace, refund];
