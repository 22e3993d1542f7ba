// A gateway and its running fake, with what the conformance suite asks of them again and again.

import { expect, test } from "bun:test";
import { cents } from "#src/kernel/money.ts";
import { openCaller } from "#src/payments/gateways/call.ts";
import {
  type Api,
  type Charged,
  type ChargeInput,
  type Gateway,
  GatewayError,
  type RawNotice,
} from "#src/payments/gateways/gateway.ts";
import { findGateway } from "#src/payments/gateways/index.ts";
import type { GatewayFake, RunningFake } from "./fake.ts";

export type Stage = {
  gateway: Gateway;
  fake: RunningFake;
  /** An operation of an account that has just been opened: no token is remembered. */
  api(options?: { credentials?: Record<string, unknown>; withinMs?: number }): Api<never>;
  charge(input?: Partial<ChargeInput>): Promise<{ input: ChargeInput; charged: Charged }>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Long enough for a busy machine; only a silent fake takes all of it. */
const WITHIN_MS = 10_000;

export async function openStage({ kind, payer, start }: GatewayFake): Promise<Stage> {
  const gateway = findGateway(kind);
  if (!gateway) throw new Error(`no gateway ${kind} in the list`);
  const fake = await start();
  const api: Stage["api"] = ({ credentials = fake.credentials, withinMs = WITHIN_MS } = {}) =>
    openCaller().open(gateway, { name: "account", credentials }, { withinMs, now: new Date() });
  return {
    gateway,
    fake,
    api,
    async charge(changes) {
      const input = inputOf({ payer, ...changes });
      return { input, charged: await gateway.charge(input, api() as never) };
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

/** Declares tests that are given a stage of their own with this fake. */
export const stageTestOf = (fake: GatewayFake) => (name: string, story: (stage: Stage) => Promise<void>) =>
  test(name, async () => {
    await using stage = await openStage(fake);
    await story(stage);
  });

let made = 0;

/** Everything that a charge needs, each with a reference of its own. */
export function inputOf(changes: Partial<ChargeInput>): ChargeInput {
  made += 1;
  return {
    reference: `r${String(made).padStart(6, "0")}k4m8w2q6z0x1c3v5b7n9a2s4d`,
    amount: cents(1990),
    description: "Acesso ao grupo",
    expiresInSeconds: 1_800,
    noticeUrl: "https://bots.example.com/webhooks/gateways/conta/segredo",
    payer: { name: null, cpf: null, email: null },
    ...changes,
  };
}

/** The GatewayError with which it ends; fails the test when it ends otherwise. */
export async function errorOf(work: Promise<unknown>): Promise<GatewayError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(GatewayError);
  return outcome as GatewayError;
}

/** Every text, number, boolean and null in a value, with the path to it. */
export function leavesOf(value: unknown, path: string[] = []): { path: string[]; value: unknown }[] {
  if (typeof value !== "object" || value === null) return value === undefined ? [] : [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

/** The value with something else at this path; `undefined` takes the property away. */
export function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (String(index) === key ? replaced(one, rest, by) : one));
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  const fresh = replaced(inner, rest, by);
  return fresh === undefined ? others : { ...others, [key]: fresh };
}

/** A notice's body as whoever receives it parses it. */
export function parsedBody({ body, headers }: RawNotice): unknown {
  const text = new TextDecoder().decode(body);
  const isForm = headers["content-type"]?.includes("form-urlencoded");
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
}
