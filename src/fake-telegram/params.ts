// The parameters of one call, whichever of the four ways they came: query, JSON, form, multipart.

import { badRequest } from "./api-failure.ts";

/** JSON values as they came, or strings from forms; an upload appears as its `{ name, size }`. */
export type Params = Readonly<Record<string, unknown>>;
export type Upload = { name: string; type: string; bytes: Uint8Array };
export type Uploads = ReadonlyMap<string, Upload>;
export type CallInput = { params: Params; uploads: Uploads };

const noUploads: Uploads = new Map();

/** Reads one request. `query` is what follows the question mark, "" when nothing does. */
export async function readCallInput(request: Request, query: string): Promise<CallInput> {
  const type = request.method === "GET" ? "" : (request.headers.get("content-type") ?? "");
  const fromQuery = query === "" ? undefined : Object.fromEntries(new URLSearchParams(query));
  if (type.startsWith("application/json")) {
    const body = await readJsonObject(request);
    return { params: fromQuery ? { ...fromQuery, ...body } : body, uploads: noUploads };
  }
  if (type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded")) {
    return readForm(request, fromQuery);
  }
  return { params: fromQuery ?? {}, uploads: noUploads };
}

async function readJsonObject(request: Request): Promise<Params> {
  const value: unknown = await request.json().catch(() => undefined);
  if (!isObject(value)) throw badRequest("can't parse JSON object");
  return value;
}

async function readForm(request: Request, fromQuery: Params | undefined): Promise<CallInput> {
  const params: Record<string, unknown> = { ...fromQuery };
  const uploads = new Map<string, Upload>();
  const form = await request.formData().catch(() => undefined);
  if (!form) throw badRequest("can't parse the form");
  for (const [field, value] of form.entries()) {
    if (typeof value === "string") {
      params[field] = value;
      continue;
    }
    const bytes = new Uint8Array(await value.arrayBuffer());
    uploads.set(field, { name: value.name, type: value.type, bytes });
    params[field] = { name: value.name, size: bytes.byteLength };
  }
  return { params, uploads };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parameter as text; undefined when absent or no scalar. */
export function textOf(params: Params, field: string): string | undefined {
  const value = params[field];
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** The parameter as a whole number; undefined when absent or none. */
export function integerOf(params: Params, field: string): number | undefined {
  const value = params[field];
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** Telegram takes true, "true", "yes", 1 and "1" for yes, and everything else for no. */
export function flagOf(params: Params, field: string): boolean {
  const value = params[field];
  if (typeof value === "string") return ["true", "yes", "1"].includes(value.toLowerCase());
  return value === true || value === 1;
}

/** The parameter as JSON: forms carry it as a string, JSON bodies as itself or as a string. Undefined when absent. */
export function jsonOf(params: Params, field: string, called = field.replaceAll("_", " ")): unknown {
  const value = params[field];
  if (typeof value !== "string") return value ?? undefined;
  if (value === "") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw badRequest(`can't parse ${called} JSON object`);
  }
}
