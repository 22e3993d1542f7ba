// What several commands are told in the same words: an order, a seller, a gateway account, a port.

import { CommandError } from "../kernel/errors.ts";
import { type AccountId, type OrderId, parseId, type TenantId } from "../kernel/ids.ts";
import type { Flag, Flags } from "./command.ts";

/** For commands whose `alone` is "order". */
export const orderFlag: Flag = {
  name: "order",
  value: "ID",
  required: true,
  means: "Number of the order; --order may be left out before it.",
};

/** Throws CommandError (exit 2) for what cannot be the number of an order. */
export function needOrder(flags: Flags): OrderId {
  const orderId = parseId<OrderId>(flags.need("order"));
  if (!orderId) throw new CommandError("--order must be the number of an order.", 2);
  return orderId;
}

/** Throws CommandError (exit 2) for what cannot be the number of a tenant. */
export function needTenant(flags: Flags): TenantId {
  const tenantId = parseId<TenantId>(flags.need("tenant"));
  if (!tenantId) throw new CommandError("--tenant must be the number that `grimbots tenant add` printed.", 2);
  return tenantId;
}

export const accountFlag: Flag = {
  name: "account",
  value: "ID",
  required: true,
  means: "The account, by the number that `grimbots gateway list` shows.",
};

/** Throws CommandError (exit 2) for what cannot be the number of an account. */
export function needAccount(flags: Flags): AccountId {
  const accountId = parseId<AccountId>(flags.need("account"));
  if (!accountId) throw new CommandError("--account must be a number that `grimbots gateway list` shows.", 2);
  return accountId;
}

/** The port to listen on, 0 = any free one; throws CommandError (exit 2) for what is no port. */
export function portOf(flags: Flags, byDefault: number): number {
  const port = Number(flags.text("port") ?? byDefault);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new CommandError("--port must be a number from 0 to 65535.", 2);
  return port;
}
