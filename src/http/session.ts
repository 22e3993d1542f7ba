// Who asks: the one place where a request becomes a seller's.

import type { App } from "../app.ts";
import { RejectedError } from "../kernel/errors.ts";
import type { TenantId } from "../kernel/ids.ts";
import { findTenantByKey } from "../tenants/find-by-key.ts";

export type Session = { tenantId: TenantId };

/** By `Authorization: Bearer <API key>`. Throws RejectedError 401 when that is nobody's key. */
export async function openSession({ sql }: Pick<App, "sql">, request: Request): Promise<Session> {
  const apiKey = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const tenantId = apiKey === undefined ? undefined : await findTenantByKey(sql, apiKey);
  if (tenantId === undefined)
    throw new RejectedError(401, "Send a valid API key as Authorization: Bearer; `grimbots tenant add` prints it.");
  return { tenantId };
}
