// Plumbing that the gateways' fakes share: a local server that answers by a vendor's routes. charge-book.ts keeps the charges made there.
//
// A fake consists of its credentials, its routes, which answer in the vendor's shapes, and its notices:
//
//   const book = createBook(); // charge-book.ts
//   const vendor = startVendor({ routes: [{ method: "POST", path: "/charges", on: "charge", answer: (request) => ({ json: … }) }],
//     isAuthorized: (request) => request.headers.authorization === "Bearer …", refusal: (status, message) => ({ message }) });
//   return { credentials: { token, baseUrl: vendor.url }, requests: vendor.requests, failNext: vendor.failNext,
//     happen: (charged, happening) => book.happen(charged.gatewayId, happening, WORDS), …, [Symbol.asyncDispose]: vendor.stop };
//
// The plumbing records requests, refuses those without authority, and plays the faults that have nothing of the vendor in them. Three
// it hands to the route as `request.fault`: "error_inside" (the route answers 200 with the vendor's form of an error), "other_amount" and
// "other_id" (the route answers with `distorted(charge, request.fault)` instead of the charge).

import type { Fault, RunningFake } from "../fake.ts";

export type VendorRequest = {
  method: string;
  path: string;
  /** What stands in the path for ":names". */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string>;
  /** Parsed JSON or form; undefined without a body. */
  body: unknown;
  /** What the route itself has to play. */
  fault: Fault | undefined;
};

/** `status`: 200 unless told. Without `json` the body is empty. */
export type VendorAnswer = { status?: number; json?: unknown; headers?: Record<string, string> };

export type Route = {
  method: string;
  /** "/transactions/:id"; a name stands for one segment. */
  path: string;
  /** Which faults apply to it. */
  on?: "charge" | "status";
  /** Answers without authority, as a route for tokens does (which looks at its body itself). */
  isOpen?: boolean;
  answer(request: VendorRequest): VendorAnswer | Promise<VendorAnswer>;
};

export type VendorOptions = {
  routes: Route[];
  isAuthorized(request: VendorRequest): boolean;
  /** The vendor's body of an error with this status; `message` echoes secrets and a person's data, as careless vendors do. */
  refusal(status: number, message: string): unknown;
};

export type Vendor = Pick<RunningFake, "requests" | "failNext"> & { url: string; stop(): Promise<void> };

/** What the 429 of a fake asks for. */
export const RETRY_AFTER_SECONDS = 7;

const STATUSES: Partial<Record<Fault, number>> = { status_400: 400, status_401: 401, status_429: 429, status_500: 500 };

export function startVendor(options: VendorOptions): Vendor {
  const requests: Vendor["requests"] = [];
  const faults: { on: "charge" | "status"; fault: Fault }[] = [];
  const takeFault = (on: Route["on"]): Fault | undefined => {
    const index = faults.findIndex((one) => one.on === on);
    return index < 0 ? undefined : faults.splice(index, 1)[0]?.fault;
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(raw) {
      const request = await readRequest(raw);
      const { method, path, query, headers, body } = request;
      requests.push({ method, path: query.size > 0 ? `${path}?${query}` : path, headers, body });
      return answerRequest(options, request, takeFault);
    },
    error: (error) => Response.json({ message: `the fake failed: ${error.message}` }, { status: 599 }),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    failNext: (on, fault) => void faults.push({ on, fault }),
    stop: () => server.stop(true),
  };
}

async function readRequest(raw: Request): Promise<VendorRequest> {
  const url = new URL(raw.url);
  const text = await raw.text();
  const isForm = raw.headers.get("content-type")?.includes("form-urlencoded");
  const parsed = () => (isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text));
  return {
    method: raw.method,
    path: url.pathname,
    params: {},
    query: url.searchParams,
    headers: Object.fromEntries(raw.headers),
    body: text === "" ? undefined : parsed(),
    fault: undefined,
  };
}

async function answerRequest(
  options: VendorOptions,
  request: VendorRequest,
  takeFault: (on: Route["on"]) => Fault | undefined,
): Promise<Response> {
  const refuse = (status: number) => {
    const { authorization = "", ...others } = request.headers;
    const secrets = Object.entries(others).flatMap(([name, value]) => (/key|token/.test(name) ? [value] : []));
    // So long that a reader who cuts before he redacts leaves a piece of the secret.
    const message = `ana@example.com 529.982.247-25 ${"Recusado. ".repeat(15)}${authorization} ${secrets.join(" ")}`;
    const headers: Record<string, string> = status === 429 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {};
    return send({ status, json: options.refusal(status, message), headers });
  };
  const found = findRoute(options.routes, request);
  if (!found) return refuse(404);
  const { route, params } = found;
  if (!route.isOpen && !options.isAuthorized(request)) return refuse(401);
  const fault = route.on && takeFault(route.on);
  const status = fault && STATUSES[fault];
  if (status !== undefined) return refuse(status);
  if (fault === "html") return page();
  const answer = await route.answer({ ...request, params, fault });
  if (fault === "lost_answer") return cutConnection();
  if (fault === "silence") return new Promise<Response>(() => {});
  return send(answer);
}

function findRoute(routes: Route[], { method, path }: VendorRequest) {
  for (const route of routes) {
    const pattern = route.path.replaceAll(/:(\w+)/g, "(?<$1>[^/]+)");
    const match = route.method === method ? new RegExp(`^${pattern}$`).exec(path) : null;
    if (!match) continue;
    const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { route, params: Object.fromEntries(params) as Record<string, string> };
  }
}

/** No connection is used twice: Bun repeats a GET by itself when one that it had kept breaks off, and the fault would not be seen. */
const ONCE = { connection: "close" };

const send = ({ status = 200, json, headers }: VendorAnswer): Response =>
  json === undefined
    ? new Response(null, { status, headers: { ...ONCE, ...headers } })
    : Response.json(json, { status, headers: { ...ONCE, ...headers } });

const page = (): Response =>
  new Response("<!doctype html><title>Just a moment…</title>", { headers: { ...ONCE, "content-type": "text/html" } });

/** An answer that breaks before its first byte: Bun closes the connection and the caller sees a reset. */
const cutConnection = (): Response => new Response(new ReadableStream({ pull: (controller) => controller.error() }));

/** A notice with a JSON body. */
export function jsonNotice(value: unknown, headers: Record<string, string> = {}, query: Record<string, string> = {}) {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return { body, headers: { "content-type": "application/json", ...headers }, query };
}
