// What a resource of the API is: an address, and how it answers one seller.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { App } from "../../app.ts";
import { RejectedError } from "../../kernel/errors.ts";
import { parseId } from "../../kernel/ids.ts";
import type { Session } from "../session.ts";

/** All that a resource is given of the open program. */
export type ApiApp = Pick<App, "sql" | "clock" | "payments" | "broadcasting">;

/**
 * A request, with its seller; `id`: the last name in braces of its path, or empty. `readBody`: its body as JSON; throws RejectedError 400 for
 * anything else.
 */
export type Asked = {
  app: ApiApp;
  session: Session;
  id: string;
  query: Record<string, string>;
  readBody: () => Promise<unknown>;
};

export type Resource = {
  method: "GET" | "POST";
  /** Below /api/v1, e.g. `/orders/:id/trace`. */
  path: string;
  /** Resolves with what is sent as JSON; throws RejectedError with the status of the refusal. What is not the seller's is not there (404). */
  answer(asked: Asked): Promise<{ status?: number; body: object }>;
};

/** The query as `schema` has it; throws RejectedError 400 naming the parameter that is wrong. Titles say what each must be. */
export function checkQuery<Schema extends TSchema>(schema: Schema, query: Record<string, string>): Static<Schema> {
  if (Value.Check(schema, query)) return query;
  const { path = "", schema: at } = Value.Errors(schema, query).First() ?? {};
  const name = path.slice(1);
  throw new RejectedError(400, at?.title ? `${name} must be ${at.title}.` : `There is no parameter "${name}" here.`);
}

/** A body as `schema` has it; throws RejectedError 400 naming the field that is wrong. Titles say what each must be. */
export function checkBody<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> {
  if (Value.Check(schema, body)) return body;
  const { path = "", schema: at } = Value.Errors(schema, body).First() ?? {};
  const name = path.slice(1);
  if (name === "") throw new RejectedError(400, "The body must be a JSON object.");
  throw new RejectedError(400, at?.title ? `${name} must be ${at.title}.` : `There is no field "${name}" here.`);
}

/** The id in a path; throws RejectedError 404 when it cannot be one. `what`: as in "There is no such order." */
export function needId<Id extends number>(text: string, what: string): Id {
  const id = parseId<Id>(text);
  if (id === undefined) throw notThere(what);
  return id;
}

export const notThere = (what: string): RejectedError => new RejectedError(404, `There is no such ${what}.`);
