// Turns a request of the API into its answer: who asks, what is done, and what goes wrong on order.

import { randomBytes } from "node:crypto";
import { RejectedError } from "../kernel/errors.ts";
import { cents } from "../kernel/money.ts";
import { parseInput } from "../kernel/read-input.ts";
import type { ApiCall, ApiResult } from "./api.ts";
import { type ChargeView, codeOf } from "./charge.ts";
import type { FaultInput } from "./control-shapes.ts";
import type { ApiRoute } from "./faults.ts";
import type { World } from "./state.ts";

/** A request as it came. `path`: with its query. `body`: parsed, {} for none. */
export type SeenRequest = { method: string; path: string; headers: Record<string, string>; body: unknown };

/** `seen` is told of every request to the API, in the order of arrival. */
export type ApiContext = { world: World; seen: ((request: SeenRequest) => void) | undefined };

/** Answers one request; `id`: of the charge in its path, "" for none. */
export async function answerApi(
  { world, seen }: ApiContext,
  { request, id, route, call }: { request: Request; id: string; route: ApiRoute; call: ApiCall },
): Promise<Response> {
  try {
    const body = request.method === "POST" ? parseInput(await request.text()) : {};
    seen?.(asSeen(request, body));
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const merchant = world.merchants.byToken.get(token);
    if (!merchant) throw new RejectedError(401, "No merchant has this token.");
    const run = () => runCall(() => call(world, merchant, { body, query: queryOf(request.url), id }));
    const strike = world.faults.strike(token, route);
    if (!strike) return toResponse(run(), request.method);
    const result = strike.fault ? strikeResult(strike.fault, run) : run();
    if (strike.latencyMs > 0) await Bun.sleep(strike.latencyMs);
    return result === "hang" ? hang(strike.fault?.ms, request.method) : toResponse(result, request.method);
  } catch (error) {
    return toResponse(refusalOf(error), request.method);
  }
}

/** Most addresses have no query, and parsing a URL costs more than the rest. */
function queryOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
}

function asSeen(request: Request, body: unknown): SeenRequest {
  const url = new URL(request.url);
  const headers = Object.fromEntries(request.headers) as Record<string, string>;
  return { method: request.method, path: url.pathname + url.search, headers, body };
}

function runCall(call: () => ApiResult): ApiResult {
  try {
    return call();
  } catch (error) {
    return refusalOf(error);
  }
}

const CODES: Record<number, string> = { 400: "invalid", 401: "unauthorized", 404: "not_found", 409: "conflict" };

function refusalOf(error: unknown): ApiResult {
  if (!(error instanceof RejectedError)) throw error;
  const { status, message } = error;
  return { status, body: { error: { code: CODES[status] ?? "refused", message } } };
}

type Struck = ApiResult | { raw: Response } | "cut" | "hang";

/** What comes of a request that a fault strikes; FaultInput says which do what was asked. */
function strikeResult(fault: FaultInput, run: () => ApiResult): Struck {
  const { kind } = fault;
  const isDone = fault.done ?? !(kind === "html" || kind === "error_inside" || kind === "status");
  const result = isDone ? run() : undefined;
  if (kind === "hang") return "hang";
  if (kind === "lost_answer") return "cut";
  if (kind === "html") return { raw: new Response(PAGE, { headers: { "content-type": "text/html" } }) };
  if (kind === "error_inside") return { status: 200, body: { error: fault.body ?? REFUSED } };
  if (kind === "status") {
    const init = { status: fault.status ?? 500, headers: fault.headers ?? {} };
    return { raw: Response.json(fault.body ?? { error: { ...REFUSED, code: "on_order" } }, init) };
  }
  if (result?.view) distort(result.view, fault);
  return result ?? "cut";
}

const PAGE = "<!doctype html><title>Just a moment</title><p>Checking your browser.</p>";
const REFUSED = { code: "refused", message: "Refused on order." };

/** A real more. */
const OTHER_CENTS = 100;

function distort(view: ChargeView, { kind, word }: FaultInput): void {
  if (kind === "strange_word") view.status = word ?? "em_analise";
  if (kind === "other_amount") {
    view.amount += OTHER_CENTS;
    if (view.paid_amount > 0) view.paid_amount += OTHER_CENTS;
    view.br_code = codeOf(view.id, cents(view.amount));
  }
  if (kind === "other_id") {
    view.id = `ch_${randomBytes(12).toString("hex")}`;
    view.reference = randomBytes(16).toString("hex");
  }
}

function toResponse(result: Exclude<Struck, "hang">, method: string): Response {
  if (result === "cut") return cutConnection(method);
  return "raw" in result ? result.raw : Response.json(result.body, { status: result.status });
}

/**
 * An answer that breaks before its first byte: Bun closes the connection and the caller sees a reset. That of a GET breaks after its
 * head: callers repeat a GET by themselves when a connection that they had kept ends without a word.
 */
function cutConnection(method: string): Response {
  const cut = (controller: ReadableStreamDefaultController) => controller.error();
  if (method !== "GET") return new Response(new ReadableStream({ pull: cut }));
  const begin = (controller: ReadableStreamDefaultController) => controller.enqueue("{");
  const late = async (controller: ReadableStreamDefaultController) => {
    // The head leaves in a turn of its own.
    await new Promise(setImmediate);
    cut(controller);
  };
  return new Response(new ReadableStream({ start: begin, pull: late }));
}

async function hang(ms: number | undefined, method: string): Promise<Response> {
  await new Promise<void>((resolve) => ms !== undefined && setTimeout(resolve, ms));
  return cutConnection(method);
}
