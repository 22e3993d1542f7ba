// What a gateway is: an adapter translates between us and one vendor's API, and decides nothing.
//
// An adapter talks only through `api.call` (call.ts): that is where time limits, redaction and the reading of failures live. It throws
// GatewayError where the vendor's answer means something that the HTTP status does not say.

import type { Static, TObject } from "@sinclair/typebox";
import type { Cents } from "../../kernel/money.ts";

/** What a person must be asked for before some gateways make a charge. The name comes from Telegram; nothing is ever invented. */
export type PayerField = "cpf" | "email";
/** Digits only, lower case; null = not known. */
export type Payer = { name: string | null; cpf: string | null; email: string | null };

export type HttpRequest = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Behind the account's base URL, with its leading slash; ids in it must be passed through encodeURIComponent. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
  /**
   * Set on the request that makes a charge or a refund exist: when its answer is lost, nobody knows whether it does, and the error says
   * `unknown`. On every other request a lost answer is harmless (`away`).
   */
  creates?: boolean;
  /** Set on the request that fetches the token itself. */
  withoutToken?: boolean;
};

/** An account of a seller at the gateway, opened for one operation. `call` resolves with the parsed JSON of a 2xx answer. */
export type Api<Credentials = unknown> = {
  credentials: Credentials;
  call(request: HttpRequest): Promise<unknown>;
  now: Date;
};

export type ChargeInput = {
  /** Ours, unique for ever: 32 of [a-z0-9]. Idempotency key and own reference wherever the gateway has a field for it. */
  reference: string;
  /** Cents of the real, or whole Stars. */
  amount: Cents;
  /** The product's name, at most 120 characters. */
  description: string;
  expiresInSeconds: number;
  /** Where its notices go: of this charge alone where `noticesPerCharge`, else of the account. Absent without a public address. */
  noticeUrl?: string;
  payer: Payer;
  /** The platform's part, already rounded down; only where `splits`. */
  split?: { recipient: string; amount: Cents };
};

export type Charged = {
  /** Empty = it has none before it is paid. */
  gatewayId: string;
  /** PIX copia e cola, as received; null where the customer pays in another way. */
  brCode: string | null;
  /** As the gateway says; null = it says nothing, ours is in force. */
  expiresAt: Date | null;
  /** A secret that this charge's notices must carry. */
  noticeToken?: string;
};

/** `unknown`: a word that the adapter does not know; it changes nothing and somebody is told. */
export type ReportState = "pending" | "paid" | "failed" | "expired" | "refunded" | "chargeback" | "unknown";

/** What the gateway says of a charge when we ask it with the seller's credentials. */
export type Report = {
  gatewayId: string;
  /** Our reference as the gateway gives it back; null = it does not. */
  reference: string | null;
  state: ReportState;
  /** The gateway's own word for it, for the record. */
  word: string;
  /** ISO 4217, or XTR. */
  currency: string;
  /** What came in, or is asked for while nothing has; null = the answer does not say (then nothing can be called paid). */
  amount: Cents | null;
  /** Given back so far, in all. */
  refunded: Cents;
  /** The gateway's fee; null = the answer does not say. */
  fee: Cents | null;
  endToEndId: string | null;
  paidAt: Date | null;
  /** For a charge whose creation we did not hear of. */
  brCode: string | null;
};

/** How a charge is asked for: `gatewayId` null = we never learned it, only our reference is known. */
export type ChargeKey = { gatewayId: string | null; reference: string };

/** One line of the gateway's own account of what it moved: paid in (positive) or given back (negative). */
export type StatementLine = { gatewayId: string; reference: string | null; amount: Cents; at: Date };

/** A notice as it arrived. Header names in lower case. */
export type RawNotice = { body: Uint8Array; headers: Record<string, string>; query: Record<string, string> };

/** What a notice is about: never believed, only a reason to ask. A body may hold several. */
export type Hint = ChargeHint | { about: "other" };
export type ChargeHint = {
  about: "charge";
  gatewayId: string | null;
  reference: string | null;
  /** The secret that the notice carries in its body (`Charged.noticeToken`). */
  token?: string;
};

/** `unsigned`: this gateway signs nothing, or nobody told it a secret; then the secret in the address is the proof. */
export type Verdict = "authentic" | "forged" | "unsigned";

export type Gateway<Schema extends TObject = TObject> = {
  /** As in addresses, commands and rows. */
  kind: string;
  /** As sellers know it. */
  name: string;
  /** Used unless the credentials hold a `baseUrl`, which every schema allows. */
  baseUrl: string;
  currency: "BRL" | "XTR";
  /** Also the form in which a seller enters them: each property has `title` and `description` in Portuguese; secrets have `secret: true`. */
  credentials: Schema;
  needs: readonly PayerField[];
  minAmount: Cents;
  /** What the gateway accepts as expiry; null = it takes none, ours is enforced by us alone. */
  expirySeconds: { min: number; max: number } | null;
  /** A charge may be asked about at most this often. */
  askEverySeconds: number;
  /** Whether `status` finds a charge by our reference alone. */
  findsByReference: boolean;
  /** Whether every charge may have a notice address of its own. */
  noticesPerCharge: boolean;
  splits: boolean;
  /** Its notices carry a secret of their charge in the body (`Charged.noticeToken`). */
  tokensInNotices?: boolean;
  /** Its API is the bot's own: it is called at the address of the bot that sells. */
  throughBot?: boolean;
  /** Words that the gateway's terms oblige the seller to show with a charge. */
  legalNotice?: string;
  /** The client certificate, where the gateway asks for one. PEM. */
  tls?(credentials: Static<Schema>): { cert: string; key: string } | undefined;
  /** Headers of every request; `token` as `fetchToken` got it. */
  headers(credentials: Static<Schema>, token: string | undefined): Record<string, string>;
  /** Asked when the last one is about to end or was refused, and remembered for the account. */
  fetchToken?(api: Api<Static<Schema>>): Promise<{ token: string; seconds: number }>;
  /** A harmless real call that fails with `credentials` when they are wrong. */
  check(api: Api<Static<Schema>>): Promise<void>;
  charge(input: ChargeInput, api: Api<Static<Schema>>): Promise<Charged>;
  /** Throws `not_found` when the gateway says that there is no such charge. */
  status(key: ChargeKey, api: Api<Static<Schema>>): Promise<Report>;
  /** Gives back the whole of a paid charge. `key`: unique to this refund, for gateways that take an idempotency key. */
  refund?(
    charge: { gatewayId: string; amount: Cents; endToEndId: string | null; key: string },
    api: Api<Static<Schema>>,
  ): Promise<void>;
  /** All movements from `from` (inclusive) to `to`, however many pages that takes (within a bound). */
  statement?(period: { from: Date; to: Date }, api: Api<Static<Schema>>): Promise<StatementLine[]>;
  /** Tells the gateway where the account's notices go, where that is possible. Returns credentials to keep beside the others, if any. */
  register?(noticeUrl: string, api: Api<Static<Schema>>): Promise<Partial<Static<Schema>>>;
  webhook: {
    verify(notice: RawNotice, credentials: Static<Schema>, now: Date): Verdict;
    /** `value`: the parsed JSON or form body. Pure; an unknown shape is `[]` or `other`, never an exception. */
    read(value: unknown, notice: RawNotice): Hint[];
  };
};

/** Types an adapter by its own credentials; the list holds it as one of many. */
export function defineGateway<Schema extends TObject>(gateway: Gateway<Schema>): Gateway {
  return gateway as unknown as Gateway;
}

/**
 * Why a gateway did not do what it was asked.
 * refused: it will not (amount, payer, account rules). credentials: they are wrong or blocked. limited: too many requests (`afterMs`).
 * not_found: no such charge. away: it did not happen, another try may. unknown: it may have happened (`creates`).
 */
export type GatewayMeaning = "refused" | "credentials" | "limited" | "not_found" | "away" | "unknown";

export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly meaning: GatewayMeaning;
  readonly afterMs: number | undefined;
  /** `reason`: a short text for rows and logs, without secrets or personal data. */
  constructor(meaning: GatewayMeaning, reason: string, options: ErrorOptions & { afterMs?: number } = {}) {
    super(reason, options);
    this.meaning = meaning;
    this.afterMs = options.afterMs;
  }
}
