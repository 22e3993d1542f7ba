// What every gateway's fake offers the conformance suite: a local server with the vendor's shapes, told what to do by the test.

import type { Charged, Payer, RawNotice } from "#src/payments/gateways/gateway.ts";

/** What goes wrong with the next request that this names; each once. */
export type Fault =
  /** 200 with an HTML page, as a proxy or a firewall answers. */
  | "html"
  /** 200 with the vendor's own form of an error inside. */
  | "error_inside"
  /** Another amount than the one asked for, in the answer. */
  | "other_amount"
  /** The charge of somebody else, in the answer. */
  | "other_id"
  | "status_400"
  | "status_401"
  | "status_429"
  | "status_500"
  /** The request is taken and done, and the connection closed without an answer. */
  | "lost_answer"
  /** The request is taken, and nothing comes for as long as the caller waits. */
  | "silence";

/** What happens to a charge on the vendor's side; `cents`: instead of the whole amount. */
export type Happening =
  | { what: "paid"; cents?: number }
  | { what: "expired" | "failed" | "chargeback" | "strange_word" }
  | { what: "refunded"; cents?: number };

export type RunningFake = {
  /** Credentials that this fake takes, its base URL among them; and the same with one that is wrong. */
  credentials: Record<string, unknown>;
  wrongCredentials: Record<string, unknown>;
  /** Every request so far: method, path with query, headers, parsed body. */
  requests: { method: string; path: string; headers: Record<string, string>; body: unknown }[];
  /** Applies to the next request that makes (`charge`) or asks about (`status`) a charge. */
  failNext(on: "charge" | "status", fault: Fault): void;
  /** False where the vendor has no such state. */
  happen(charged: Charged, happening: Happening): boolean;
  /** The notice that the vendor sends for the charge as it is now, authentic, byte for byte as recorded bodies show it. */
  notice(charged: Charged): RawNotice;
  /** The same forged: each by what is wrong with it. Empty where nothing in a notice can be checked. */
  forged(charged: Charged): { wrong: string; notice: RawNotice }[];
  [Symbol.asyncDispose](): Promise<void>;
};

export type GatewayFake = {
  kind: string;
  /** Who pays, as far as this gateway must know. Made-up data of nobody: CPF 529.982.247-25, ana@example.com. */
  payer: Payer;
  start(): Promise<RunningFake>;
};
