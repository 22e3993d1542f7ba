// The load of deploy/try-install.sh: /start by new people on an installed program, and whether each of them was answered once.

import { parseArgs } from "node:util";
import { fakeTelegramControl } from "#src/fake-telegram/control-client.ts";
import { drive } from "./drive.ts";
import { type HttpClient, openHttpClient } from "./http-client.ts";
import { joinSends } from "./join.ts";
import { sendsSince } from "./measure.ts";
import { percentilesOf } from "./percentiles.ts";
import { requestsOf } from "./start-request.ts";
import { isDoneWithin } from "./wait-for.ts";

const DRAIN_MS = 60_000;
/** As Telegram does when Retry-After says so. */
const PAUSE_MS = 2_000;
const CONNECTIONS = 100;

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    fake: { type: "string", default: "http://127.0.0.1:8081" },
    /** What `bot add --json` printed. */
    bot: { type: "string", default: "{}" },
    token: { type: "string", default: "" },
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "300" },
    /** Runs that must not share people give different ones. */
    run: { type: "string", default: "1" },
  },
});

/** Sends each request until it is answered with 200; counts the other answers by status, 0 for none. */
function untilKept(client: HttpClient, refused: Record<number, number>): HttpClient {
  return {
    ...client,
    async send(request) {
      for (;;) {
        const status = await client.send(request);
        if (status === 200) return status;
        refused[status] = (refused[status] ?? 0) + 1;
        await Bun.sleep(PAUSE_MS);
      }
    },
  };
}

/** Drives the load, waits until every accepted /start has its answer, and gives the figures. */
async function load() {
  const { botId, secretToken } = JSON.parse(values.bot) as { botId: number; secretToken: string };
  const fake = fakeTelegramControl(values.fake);
  const client = openHttpClient(values.url, CONNECTIONS);
  const refused: Record<number, number> = {};
  const { calls } = await fake.stats();
  const driven = await drive(
    untilKept(client, refused),
    requestsOf(values.url, [{ botId, secretToken, token: values.token }]),
    {
      ...{
        perSecond: Number(values.rate),
        seconds: Number(values.seconds),
        schedule: "poisson",
        seed: Number(values.run),
      },
      firstChat: 5_000_000_000 + Number(values.run) * 1_000_000,
    },
  );
  const accepted = driven.status.filter((status) => status === 200).length;
  const join = async () => joinSends(driven, await sendsSince({ fake }, calls), 0);
  await isDoneWithin(DRAIN_MS, async () => (await join()).lost === 0);
  const { lost, doubled, sendMs } = await join();
  client.close();
  const { p50, p99 } = percentilesOf(sendMs);
  return {
    ...{ sent: driven.dueMs.length, accepted, refused, brokenConnections: driven.resent, lost, doubled },
    ...{ answeredMsP50: Math.round(p50), answeredMsP99: Math.round(p99) },
  };
}

load().then(
  (figures) => {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    process.exit(figures.accepted === figures.sent && figures.lost === 0 && figures.doubled === 0 ? 0 : 1);
  },
  (error: unknown) => {
    process.stderr.write(`${Bun.inspect(error)}\n`);
    process.exit(1);
  },
);
