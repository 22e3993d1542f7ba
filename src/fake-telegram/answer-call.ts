// From a request to Telegram's answer: read, log, let faults strike, run the method, answer.

import { reasonOf } from "../kernel/errors.ts";
import { ApiFailure } from "./api-failure.ts";
import type { Call } from "./bot-api/call.ts";
import { canonicalName, methods } from "./bot-api/list.ts";
import type { CallOutcome } from "./calls.ts";
import { chatIdOf } from "./chats.ts";
import { failureOf } from "./faults.ts";
import { type CallInput, isObject, type Params, readCallInput } from "./params.ts";
import { type AnswerExecutor, botByToken, type World } from "./state.ts";
import { preciseNow } from "./updates.ts";

const noUploads = new Map<string, never>();

/** Answers `/bot<token>/<method>`. `query`: what follows the question mark, "" for nothing. */
export async function answerCall(
  world: World,
  request: Request,
  token: string,
  name: string,
  query: string,
): Promise<Response> {
  const at = preciseNow();
  const method = canonicalName(name) ?? name;
  const input = await readCallInput(request, query).catch(asFailure);
  const params = input instanceof ApiFailure ? {} : input.params;
  const chatId = chatIdOf(params);
  const record = world.calls.begin({ at, token, method, chat_id: chatId, payload: params });
  const strike = world.faults.strike(token, method, chatId);
  const fault = strike?.fault;
  if (fault?.kind === "hang" || fault?.kind === "reset") {
    world.calls.settle(record, { ok: false, fault: fault.kind });
    return fault.kind === "hang" ? hang(fault.ms) : cutConnection();
  }
  const refusal = fault && failureOf(fault, chatId);
  const ran = refusal ? { failure: refusal } : await run(world, token, method, input, request);
  if (strike && strike.latencyMs > 0) await Bun.sleep(strike.latencyMs);
  world.calls.settle(record, outcomeOf(ran, fault?.kind));
  if (fault?.kind === "lost") return cutConnection();
  if (ran.failure) return failureResponse(ran.failure);
  return Response.json({ ok: true, result: ran.result });
}

type Ran = { result?: unknown; failure?: ApiFailure };

type Input = CallInput | ApiFailure;

async function run(world: World, token: string, method: string, input: Input, request?: Request): Promise<Ran> {
  if (input instanceof ApiFailure) return { failure: input };
  const bot = botByToken(world, token);
  if (!bot) return { failure: new ApiFailure(401, "Unauthorized") };
  const perform = canonicalName(method) === undefined ? undefined : methods[method];
  if (!perform) return { failure: new ApiFailure(404, "Not Found: method not found") };
  const call: Call = { world, bot, token, ...input, ...(request ? { request } : {}) };
  try {
    const result = perform(call);
    return { result: result instanceof Promise ? await result : result };
  } catch (error) {
    return { failure: asFailure(error) };
  }
}

/** A bug in the fake must look like one: 500 with its reason, never a refusal that Telegram would give. */
function asFailure(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure(500, `Internal Server Error: ${reasonOf(error)}`);
}

function outcomeOf({ result, failure }: Ran, fault: string | undefined): CallOutcome {
  const outcome: CallOutcome = failure ? { ok: false, error_code: failure.code } : { ok: true };
  const first: unknown = Array.isArray(result) ? result[0] : result;
  if (isObject(first) && typeof first.message_id === "number") outcome.message_id = first.message_id;
  if (fault !== undefined) outcome.fault = fault;
  return outcome;
}

export function failureResponse({ code, message, parameters }: ApiFailure): Response {
  const answer = { ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) };
  return Response.json(answer, { status: code });
}

/** An answer that breaks before its first byte: Bun closes the connection and the caller sees a reset. */
function cutConnection(): Response {
  return new Response(new ReadableStream({ pull: (controller) => controller.error() }));
}

async function hang(ms: number | undefined): Promise<Response> {
  await new Promise<void>((resolve) => ms !== undefined && setTimeout(resolve, ms));
  return cutConnection();
}

/** Methods that a webhook's answer cannot call; everything that begins with "get" is among them, too. */
const notInAnswers = new Set(["deletewebhook", "setwebhook", "close", "logout"]);

/** Makes the call carried by a webhook's answer; it is logged like any other, its result goes nowhere. */
export const executeAnswer: AnswerExecutor = async (world, _bot, token, answerBody) => {
  const params = parseAnswer(answerBody);
  const name = String(params.method ?? "").toLowerCase();
  const method = canonicalName(name);
  if (method === undefined || notInAnswers.has(name) || name.startsWith("get")) return;
  const { method: _method, ...payload } = params;
  const record = world.calls.begin({ at: preciseNow(), token, method, chat_id: chatIdOf(payload), payload });
  const ran = await run(world, token, method, { params: payload, uploads: noUploads });
  world.calls.settle(record, outcomeOf(ran, undefined));
};

function parseAnswer(body: string): Params {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    // A webhook may answer with any text; only a JSON object can carry a call.
    return {};
  }
}
