// The sandbox's control: the same in-process and over HTTP; faults in the API's answers; payments that come by themselves.

import { expect, test } from "bun:test";
import { sandboxControl } from "#src/sandbox-gateway/control-client.ts";
import type { FaultInput } from "#src/sandbox-gateway/control-shapes.ts";
import { createFaultBook } from "#src/sandbox-gateway/faults.ts";
import { merchant, startReceiver, startSandbox } from "./support.ts";

test("over HTTP it does what it does in-process", async () => {
  await using receiver = startReceiver();
  await using sandbox = await startSandbox();
  const control = sandboxControl(`${sandbox.url}/`);
  expect(await control.merchant({ token: "b", noticeSecret: "s" })).toEqual({ token: "b", noticeSecret: "s" });
  const made = await control.merchant();
  expect(await control.totals({ token: made.token })).toMatchObject({ charges: 0 });
  expect(await control.settings({ in_flight: 5 })).toMatchObject({ in_flight: 5, tries: 8 });
  const charges = [await sandbox.charge({ notice_url: receiver.url }), await sandbox.charge(), await sandbox.charge()];
  const [first, second, third] = charges.map(({ reference }) => ({ reference }));
  expect(await control.pay({ ...first, token: merchant.token, amount: 5, times: 2 })).toMatchObject({
    paid_amount: 10,
  });
  expect(await control.expire({ ...second })).toMatchObject({ status: "expired" });
  expect(await control.fail({ ...third })).toMatchObject({ status: "failed" });
  expect(await control.refund({ ...first, amount: 4 })).toMatchObject({ refunded_amount: 4 });
  expect(await control.chargeback({ ...first })).toMatchObject({ status: "disputed" });
  expect(await control.word({ ...third, word: "em_analise" })).toMatchObject({ status: "em_analise" });
  expect(await control.payAll({})).toEqual({ paid: 0 });
  expect(await control.idle()).toEqual({ idle: true });
  expect((await control.notices({ reference: "r1" })).length).toBe(4);
  expect((await control.forge({ ...first, wrong: "unsigned" })).answer.status).toBe(200);
  expect((await control.charges({ status: "expired" })).map(({ reference }) => reference)).toEqual(["r2"]);
  expect(await control.stats()).toMatchObject({ charges: 3, merchants: 3, notices: { delivered: 4 } });
  await control.reset();
  expect(await control.charges()).toEqual([]);
  expect(await control.stats()).toMatchObject({ merchants: 1, notices: { created: 0, waiting: 0 } });
});

test("what it cannot do it refuses with a sentence", async () => {
  await using sandbox = await startSandbox();
  const control = sandboxControl(sandbox.url);
  await expect(control.pay({ id: "ch_none" })).rejects.toThrow('No charge "ch_none" here.');
  await expect(control.pay({})).rejects.toThrow("Name the charge by id or reference.");
  await expect(control.fault({ kind: "flood" as "html" })).rejects.toThrow("/kind");
  await expect(control.totals({ token: "nobody" })).rejects.toThrow("No merchant");
  const { id } = await sandbox.charge();
  await control.pay({ id });
  await expect(control.expire({ id })).rejects.toThrow("paid, not waiting");
});

test("a merchant's charges are paid by themselves, all or a part", async () => {
  await using receiver = startReceiver();
  await using sandbox = await startSandbox();
  await sandbox.control.merchant({ token: merchant.token, auto_pay: { after_ms: 0, ratio: 0.5 } });
  for (let nth = 0; nth < 40; nth++) await sandbox.charge();
  await sandbox.control.merchant({ token: merchant.token, auto_pay: { after_ms: 1, max_ms: 5 } });
  const told = Promise.withResolvers<void>();
  await using last = startReceiver(() => {
    told.resolve();
    return 200;
  });
  await sandbox.charge({ notice_url: last.url });
  await told.promise;
  const { payments } = await sandbox.control.totals();
  expect(payments).toBeGreaterThan(10);
  expect(payments).toBeLessThan(35);
  expect(receiver.received).toEqual([]);
});

test("each fault strikes as ordered, and only so often", async () => {
  await using sandbox = await startSandbox();
  const { id, br_code } = await sandbox.charge();
  const ask = () => sandbox.call("GET", `/v1/charges/${id}`);
  const struck = async (fault: FaultInput) => {
    await sandbox.control.fault({ route: "status", times: 1, ...fault });
    return ask();
  };
  await expect(struck({ kind: "html" })).rejects.toThrow();
  expect(await struck({ kind: "error_inside" })).toMatchObject({ status: 200, body: { error: { code: "refused" } } });
  expect(await struck({ kind: "status", status: 429, body: { x: 1 } })).toEqual({
    status: 429,
    body: { x: 1 } as never,
  });
  const dearer = await struck({ kind: "other_amount" });
  expect(dearer.body.amount).toBe(2_090);
  expect(dearer.body.br_code).not.toBe(br_code);
  expect((await struck({ kind: "other_id" })).body.id).not.toBe(id);
  expect((await struck({ kind: "strange_word", word: "em_analise" })).body.status).toBe("em_analise");
  await expect(struck({ kind: "lost_answer" })).rejects.toThrow();
  await expect(struck({ kind: "hang", ms: 1 })).rejects.toThrow();
  const beganMs = performance.now();
  expect(await struck({ kind: "latency", ms: 40 })).toMatchObject({ status: 200 });
  expect(performance.now() - beganMs).toBeGreaterThan(35);
  expect(await ask()).toMatchObject({ status: 200, body: { id, amount: 1_990 } });
});

test("a charge whose answer is lost was made; one that a fault refused was not, unless told so", async () => {
  await using sandbox = await startSandbox();
  await sandbox.control.fault({ kind: "lost_answer", route: "charge", times: 1 });
  await expect(sandbox.charge({ reference: "lost" })).rejects.toThrow();
  await sandbox.control.fault({ kind: "status", route: "charge", times: 1 });
  await sandbox.charge({ reference: "refused" });
  await sandbox.control.fault({ kind: "status", route: "charge", times: 1, done: true });
  await sandbox.charge({ reference: "done" });
  expect((await sandbox.control.charges()).map(({ reference }) => reference)).toEqual(["lost", "done"]);
});

test("a fault strikes every n-th, by chance, one merchant, until it is taken back", () => {
  const numbers = [0.2, 0.8];
  const book = createFaultBook(() => numbers.shift() ?? 1);
  const kinds = (count: number, token = "a") =>
    Array.from({ length: count }, () => book.strike(token, "charge")?.fault?.kind ?? "-").join(" ");
  const id = book.add({ kind: "html", every: 3, token: "a" });
  expect(kinds(6)).toBe("- - html - - html");
  expect(kinds(3, "b")).toBe("- - -");
  book.remove(id);
  book.add({ kind: "hang", probability: 0.5, times: 2 });
  expect(kinds(3)).toBe("hang - -");
  book.remove();
  expect(book.strike("a", "charge")).toBeUndefined();
});
