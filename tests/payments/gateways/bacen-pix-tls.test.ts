// The Central Bank's PIX API over TLS: a server that asks for a client certificate gets the account's, and nobody's without one.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bacenPix } from "#src/payments/gateways/bacen-pix.ts";
import { openCaller } from "#src/payments/gateways/call.ts";
import { errorOf } from "./stage.ts";

type Pair = { cert: string; key: string };

const folder = mkdtempSync(join(tmpdir(), "bacen-pix-tls-"));
const answered: string[] = [];
let server: ReturnType<typeof Bun.serve>;
let own: Pair;
let strangers: Pair;

/** A self-signed certificate: its own authority. */
function makePair(name: string): Pair {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const made = Bun.spawnSync(
    ["openssl", "req", "-x509", ...curve, "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...subject],
    { stdout: "ignore", stderr: "pipe" },
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

beforeAll(() => {
  own = makePair("loja");
  strangers = makePair("outra");
  server = Bun.serve({
    port: 0,
    hostname: "localhost",
    tls: { ...makePair("localhost"), ca: own.cert, requestCert: true, rejectUnauthorized: true },
    fetch(request) {
      const { pathname } = new URL(request.url);
      answered.push(pathname);
      const isToken = pathname === "/oauth/token";
      return Response.json(isToken ? { access_token: "t", expires_in: 3600 } : { parametros: {}, cobs: [] });
    },
  });
});

afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});

/** The gateway as it is, but for the server's own authority, which no system knows. */
const trusting = {
  ...bacenPix,
  tls: (credentials: never) => ({
    ...bacenPix.tls?.(credentials),
    ca: readFileSync(join(folder, "localhost.crt"), "utf8"),
  }),
} as typeof bacenPix;

const check = (pair: Partial<Pair>) => {
  const credentials = {
    clientId: "id",
    clientSecret: "secret",
    pixKey: "loja@example.com",
    baseUrl: `https://localhost:${server.port}`,
    ...(pair.cert !== undefined && { certificate: pair.cert }),
    ...(pair.key !== undefined && { privateKey: pair.key }),
  };
  const account = { name: "account", credentials };
  return trusting.check(openCaller().open(trusting, account, { withinMs: 10_000, now: new Date() }) as never);
};

test("a request with the account's certificate is answered", async () => {
  await check(own);
  expect(answered.splice(0)).toEqual(["/oauth/token", "/v2/cob"]);
});

test("without a certificate, or with another's, nothing is, though a connection of the account is still open", async () => {
  await check(own);
  answered.length = 0;
  for (const pair of [{}, strangers]) await errorOf(check(pair));
  expect(answered).toEqual([]);
});

test("a certificate that does not fit its key, lacks it, or is none is wrong credentials, and nobody is called", async () => {
  const { cert, key } = own;
  for (const pair of [{ cert, key: strangers.key }, { cert }, { key }, { cert: "none", key }, { cert, key: "none" }])
    expect((await errorOf(check(pair))).meaning).toBe("credentials");
  expect(answered).toEqual([]);
});
