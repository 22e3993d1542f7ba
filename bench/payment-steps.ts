// The two measured steps: from a payment to its delivery, and from a notice to its answer 200.

import { limits } from "#src/kernel/limits.ts";
import type { ChargeView } from "#src/sandbox-gateway/charge.ts";
import { noiseIn } from "./doubts.ts";
import type { Driven } from "./drive.ts";
import { letTap, waitDelivered } from "./payment-buyers.ts";
import { measureUse, type Use } from "./payment-measure.ts";
import { PAID_SHARE } from "./payment-mix.ts";
import { costOf, grown, latencyOf, numbersOf, type PaymentResult } from "./payment-report.ts";
import type { PaymentStage } from "./payment-stage.ts";
import type { Shape } from "./payment-tally.ts";
import { percentilesOf } from "./percentiles.ts";
import { atMost } from "./targets.ts";
import { count } from "./words.ts";

export type StepOptions = {
  perSecond: number;
  seconds: number;
  seed: number;
  shape: Shape;
  tell: (text: string) => void;
};

const DELIVERY_P99_MS = 250;
const ANSWER_P99_MS = 25;
/** A generator that is late by more makes the program look slower than it is. */
const LAG_P99_MS = 2;
/** Buyers tap at this pace while charges are prepared. */
const TAPS_PER_SECOND = 40;
/** So long the door is warmed up with notices of every sort. */
const WARM_UP_SECONDS = 2;
/** Beyond the time in which a charge is asked about without a notice. */
const DRAIN_MS = limits.checkMs + 15_000;

/** More than a Poisson schedule of that mean ever has. */
const enoughFor = (mean: number): number => Math.ceil(mean + 5 * Math.sqrt(mean));

/** Prepared charges are paid at the sandbox, which sends its notices; each is measured until the first message of its delivery. */
export async function measureDelivery(stage: PaymentStage, options: StepOptions): Promise<PaymentResult> {
  const { perSecond, seconds, seed, shape, tell } = options;
  const { load, fake, sandbox, account } = stage;
  await sandbox.merchant({ token: account.token, auto_pay: null, notice_faults: null });
  const prepared = enoughFor(perSecond * seconds);
  tell(`${prepared} buyers tap …`);
  const { firstChat, ids } = await letTap(stage, prepared, TAPS_PER_SECOND);
  await load.setClock(stage.fakeUrl, stage.bots[0]?.token ?? "");
  const { calls } = await fake.stats();
  tell(`${perSecond} payments a second for ${seconds} s …`);
  const { result, use } = await measureUse(stage, async () => {
    const pace = { perSecond, seconds, schedule: "poisson", seed } as const;
    const driven = await load.pay({ sandboxUrl: stage.sandboxUrl, ids }, pace);
    const paid = { firstChat, count: driven.dueMs.length };
    return {
      driven,
      ...(await waitDelivered(stage, paid, { since: calls, delivered: shape.delivered, ms: DRAIN_MS })),
    };
  });
  const { driven, tally, isDone } = result;
  const { aheadMs } = load.clock();
  const atMs = tally.firstMs(Object.keys(shape.delivered));
  const ordered = percentilesOf(
    atMs.map((at, place) => at - aheadMs - driven.startedAtMs - (driven.dueMs[place] ?? 0)),
  );
  const noticed = percentilesOf(await sinceNotice(stage, ids, atMs));
  const payments = driven.dueMs.length;
  return {
    title: `${perSecond} payments per second for ${seconds} s, notice to delivery`,
    lines: [
      ["notice left →", `${latencyOf(noticed)} (until the delivery's first message came to Telegram)`],
      ["paid →", `${latencyOf(ordered)} (the same, from when the payment was due at the sandbox)`],
      ["payments", `${count(payments)} paid, ${count(tally.exactly(shape.delivered))} delivered once`],
      [
        "charges open",
        `${count(prepared)} at first: each unpaid one is asked about every ${limits.youngCheckMs / 1_000} s`,
      ],
      ...costOf(use, "payment", payments),
    ],
    targets: [
      atMost("delivery p99 from the payment", ordered.p99, DELIVERY_P99_MS, "ms"),
      atMost("not delivered", payments - tally.exactly(shape.delivered) - tally.beyond(shape.delivered), 0),
      atMost("delivered twice", tally.beyond(shape.delivered), 0),
    ],
    doubts: doubtsAbout(use, driven, isDone),
    use,
    raw: { ordered, noticed, driven, deliveredAtMs: atMs, clock: load.clock() },
  };
}

/** Milliseconds from the first try of each paid charge's notice to `atMs`, in whole milliseconds at its beginning. */
async function sinceNotice({ sandbox, account, load }: PaymentStage, ids: string[], atMs: Float64Array) {
  const notices = await sandbox.notices({ token: account.token, limit: ids.length });
  const sentAt = new Map(notices.map((one) => [one.charge_id, Date.parse(one.attempts[0]?.at ?? "")]));
  const { aheadMs, wallAheadMs } = load.clock();
  return atMs.map((at, place) => at - aheadMs + wallAheadMs - (sentAt.get(ids[place] ?? "") ?? Number.NaN));
}

/** Notices of every sort arrive; each is measured until its answer. */
export async function measureAnswers(stage: PaymentStage, options: StepOptions): Promise<PaymentResult> {
  const { perSecond, seconds, seed, shape, tell } = options;
  const { load, fake, account, sandboxUrl } = stage;
  const [warming, measured] = [WARM_UP_SECONDS, seconds].map((one) => enoughFor(perSecond * one * PAID_SHARE)) as Pair;
  tell(`${warming + measured} buyers tap …`);
  const { firstChat, charges } = await openCharges(stage, warming + measured);
  const pace = { perSecond, schedule: "poisson" } as const;
  const notifying = { ...account, sandboxUrl };
  await load.notify(
    { ...notifying, charges: charges.slice(0, warming) },
    { ...pace, seconds: WARM_UP_SECONDS, seed: 0 },
  );
  const { calls } = await fake.stats();
  const before = await countNotices(stage);
  tell(`${perSecond} notices a second for ${seconds} s …`);
  const { result, use } = await measureUse(stage, async () => {
    const driven = await load.notify({ ...notifying, charges: charges.slice(warming) }, { ...pace, seconds, seed });
    const paid = { firstChat: firstChat + warming, count: Math.ceil(driven.dueMs.length * PAID_SHARE) };
    return {
      driven,
      ...(await waitDelivered(stage, paid, { since: calls, delivered: shape.delivered, ms: DRAIN_MS })),
    };
  });
  const { driven, tally, isDone } = result;
  const ack = percentilesOf(driven.ackMs);
  const notices = driven.dueMs.length;
  const paid = Math.ceil(notices * PAID_SHARE);
  const refused = driven.status.filter((status) => status !== 200).length;
  return {
    title: `${perSecond} notices per second for ${seconds} s, until their answer`,
    lines: [
      ["answer 200", latencyOf(ack)],
      ["notices", `${count(notices)}: ${count(paid)} of payments, half repeats, a third about unknown charges`],
      ["kept", numbersOf(grown(await countNotices(stage), before))],
      ["payments", `${count(tally.exactly(shape.delivered))} of ${count(paid)} delivered once`],
      ["generator", `late ${latencyOf(percentilesOf(driven.lagMs))}; ${driven.connections} connections`],
      ...costOf(use, "notice", notices),
    ],
    targets: [
      atMost("answer p99", ack.p99, ANSWER_P99_MS, "ms"),
      atMost("not answered 200", refused, 0),
      atMost("not delivered", paid - tally.exactly(shape.delivered) - tally.beyond(shape.delivered), 0),
      atMost("delivered twice", tally.beyond(shape.delivered), 0),
    ],
    doubts: doubtsAbout(use, driven, isDone),
    use,
    raw: { ack, driven },
  };
}

type Pair = [warming: number, measured: number];

/** Charges that wait to be paid, in the order of their chats. The generator sends their notices: the sandbox sends none. */
async function openCharges(stage: PaymentStage, wanted: number): Promise<{ firstChat: number; charges: ChargeView[] }> {
  const { sandbox, account } = stage;
  await sandbox.merchant({ token: account.token, auto_pay: null, notice_faults: { lose: 1 } });
  const { firstChat, ids } = await letTap(stage, wanted, TAPS_PER_SECOND);
  const views = await sandbox.charges({ token: account.token, status: "waiting", limit: 1_000_000 });
  const byId = new Map(views.map((view) => [view.id, view]));
  return { firstChat, charges: ids.map((id) => byId.get(id)).filter((view) => view !== undefined) };
}

async function countNotices({ sql }: PaymentStage): Promise<Record<string, number>> {
  const rows = await sql<
    { state: string; count: number }[]
  >`SELECT state, count(*) FROM notice GROUP BY state ORDER BY state`;
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

function doubtsAbout(use: Use, driven: Driven, isDone: boolean): string[] {
  const lag = percentilesOf(driven.lagMs);
  const doubts = [
    lag.p99 > LAG_P99_MS && `the generator was late: p99 ${lag.p99.toFixed(1)} ms after its schedule`,
    driven.heldBack > 0 && `${driven.heldBack} requests waited for a connection in the generator`,
    !isDone && "not everything was done when the time for it was up",
  ];
  return [...noiseIn(use.cpu), ...doubts.filter((doubt) => doubt !== false)];
}
