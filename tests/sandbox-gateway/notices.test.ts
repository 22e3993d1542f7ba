// The sandbox's notices: signed, repeated until 200, so many at once, and on order lost, doubled, delayed, late or forged.

import { expect, test } from "bun:test";
import { merchant, startReceiver, startSandbox } from "./support.ts";

test("a payment is told with a signed notice of the whole charge", async () => {
  await using receiver = startReceiver();
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge({ notice_url: receiver.url });
  const paid = await sandbox.control.pay({ id });
  expect(await sandbox.control.idle()).toEqual({ idle: true });
  expect(receiver.received).toEqual([{ id: expect.stringMatching(/^evt_/), type: "charge.paid", charge: paid }]);
  expect(receiver.signed).toEqual([true]);
  expect(paid).toMatchObject({ status: "paid", paid_amount: 1_990, fee: 19 });
  expect(paid.end_to_end_id).toMatch(/^E\d{20}[A-Za-z0-9]{11}$/);
});

test("whatever happens to a charge is told", async () => {
  await using receiver = startReceiver();
  await using sandbox = await startSandbox();
  const { control } = sandbox;
  const make = () => sandbox.charge({ notice_url: receiver.url });
  const [expired, failed, refunded, disputed] = [await make(), await make(), await make(), await make()];
  await control.expire({ id: expired.id });
  await control.fail({ id: failed.id });
  for (const { id } of [refunded, disputed]) await control.pay({ id });
  await control.refund({ id: refunded.id });
  await control.chargeback({ id: disputed.id });
  await control.idle();
  const told = receiver.received.map(({ type, charge }) => `${charge.reference} ${type}`).toSorted();
  expect(told).toEqual(
    [
      ...["r1 charge.expired", "r2 charge.failed", "r3 charge.paid"],
      ...["r3 charge.refunded", "r4 charge.disputed", "r4 charge.paid"],
    ].toSorted(),
  );
});

test("a notice is repeated until the answer is exactly 200, but not for ever", async () => {
  const answers = [500, 204, 302, 200];
  await using receiver = startReceiver((nth) => answers[nth - 1] ?? 503);
  await using sandbox = await startSandbox({ delivery: { retry_ms: 1, tries: 5 } });
  await sandbox.control.pay({ id: (await sandbox.charge({ notice_url: receiver.url })).id });
  await sandbox.control.idle();
  const [delivered] = await sandbox.control.notices();
  expect(delivered?.state).toBe("delivered");
  expect(delivered?.attempts.map(({ status }) => status)).toEqual(answers);
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
  await sandbox.control.pay({ id: (await sandbox.charge({ notice_url: receiver.url })).id });
  await sandbox.control.idle();
  const [given] = await sandbox.control.notices({ state: "given_up" });
  expect(given?.attempts).toHaveLength(5);
  expect((await sandbox.control.stats()).notices).toMatchObject({ created: 2, delivered: 1, given_up: 1, attempts: 9 });
});

test("nobody at the address, or no answer in time, is an attempt that failed", async () => {
  const never = Promise.withResolvers<number>();
  await using receiver = startReceiver(() => never.promise);
  await using sandbox = await startSandbox({ delivery: { tries: 1, timeout_ms: 50 } });
  for (const url of ["http://127.0.0.1:1/nobody", receiver.url])
    await sandbox.control.pay({ id: (await sandbox.charge({ notice_url: url })).id });
  await sandbox.control.idle();
  const attempts = (await sandbox.control.notices()).flatMap((notice) => notice.attempts);
  expect(attempts.map(({ status, problem }) => [status, typeof problem])).toEqual([
    [0, "string"],
    [0, "string"],
  ]);
});

test("no more deliveries than allowed are under way at once", async () => {
  let [now, most] = [0, 0];
  await using receiver = startReceiver(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise(setImmediate);
    now -= 1;
    return 200;
  });
  await using sandbox = await startSandbox({ delivery: { in_flight: 3 } });
  for (let nth = 0; nth < 20; nth++) await sandbox.charge({ notice_url: receiver.url });
  expect(await sandbox.control.payAll({ token: merchant.token })).toEqual({ paid: 20 });
  await sandbox.control.idle();
  expect(receiver.received).toHaveLength(20);
  expect(most).toBeLessThanOrEqual(3);
});

test("notices are lost, doubled, delayed and overtaken on order", async () => {
  await using receiver = startReceiver();
  await using sandbox = await startSandbox();
  const { control } = sandbox;
  const pay = async (faults: object) => {
    await control.merchant({ token: merchant.token, notice_faults: faults });
    const { id } = await sandbox.charge({ notice_url: receiver.url });
    const before = receiver.received.length;
    const beganMs = performance.now();
    await control.pay({ id });
    await control.idle();
    return { got: receiver.received.slice(before), ms: performance.now() - beganMs };
  };
  expect((await pay({ lose: 1 })).got).toEqual([]);
  expect((await control.notices()).map(({ state }) => state)).toEqual(["lost"]);
  const { got: doubled } = await pay({ double: 1 });
  expect(doubled.map(({ type }) => type)).toEqual(["charge.paid", "charge.paid"]);
  expect(doubled[0]?.id).toBe(doubled[1]?.id);
  expect((await pay({ delay: 1, delay_min_ms: 60, delay_max_ms: 80 })).ms).toBeGreaterThan(55);
  const { got: late } = await pay({ out_of_order: 1 });
  expect(late.map(({ type, charge }) => [type, charge.status, charge.paid_amount])).toEqual([
    ["charge.paid", "paid", 1_990],
    ["charge.created", "waiting", 0],
  ]);
  expect(receiver.signed).not.toContain(false);
});

test("the same seed loses the same notices", async () => {
  const run = async (seed: number) => {
    await using sandbox = await startSandbox({ seed });
    await sandbox.control.merchant({
      token: merchant.token,
      notice_faults: { lose: 0.5, delay: 1, delay_min_ms: 9_000 },
    });
    for (let nth = 0; nth < 30; nth++) await sandbox.charge({ notice_url: "http://127.0.0.1:1/nobody" });
    await sandbox.control.payAll();
    return (await sandbox.control.notices()).map(({ state }) => state).join();
  };
  const first = await run(7);
  expect(first).toContain("lost");
  expect(first).toContain("waiting");
  expect(await run(7)).toBe(first);
  expect(await run(8)).not.toBe(first);
});

test("a forged notice is sent once, with the signature that was ordered", async () => {
  await using receiver = startReceiver(() => 401);
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge({ notice_url: receiver.url });
  for (const wrong of ["unsigned", "signature", "merchant", "body", "replayed"] as const) {
    const { sent, answer } = await sandbox.control.forge({ id, wrong, age_seconds: 600 });
    expect(answer.status).toBe(401);
    expect(JSON.parse(sent.body)).toMatchObject({ type: "charge.paid", charge: { id, status: "paid" } });
    if (wrong === "replayed")
      expect(Number(sent.headers["x-sandbox-timestamp"])).toBeLessThan(Date.now() / 1_000 - 599);
  }
  expect(receiver.signed).toEqual([false, false, false, false, true]);
  expect((await sandbox.control.charges())[0]?.status).toBe("waiting");
});
