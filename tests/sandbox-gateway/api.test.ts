// The sandbox's API: charges, idempotency, PIX codes, refunds, the statement, and what is kept.

import { expect, test } from "bun:test";
import { crc16 } from "#src/sandbox-gateway/br-code.ts";
import { createQueue } from "#src/sandbox-gateway/queue.ts";
import type { StatementPage } from "#src/sandbox-gateway/statement.ts";
import { startSandbox } from "./support.ts";

const everything = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";

test("a charge is made once for its reference, and with one amount", async () => {
  await using sandbox = await startSandbox();
  const wanted = { reference: "r-1", amount: 1_990, description: "Acesso", expires_in: 60, payer: { name: "Alice" } };
  const first = await sandbox.call("POST", "/v1/charges", wanted);
  expect(first).toMatchObject({ status: 201, body: { status: "waiting", amount: 1_990, currency: "BRL", fee: null } });
  expect(first.body.payer).toEqual({ name: "Alice", cpf: null, email: null });
  expect(await sandbox.call("POST", "/v1/charges", wanted)).toEqual({ ...first, status: 200 });
  expect(await sandbox.call("POST", "/v1/charges", { ...wanted, amount: 1_991 })).toMatchObject({ status: 409 });
  expect(await sandbox.call("GET", `/v1/charges/${first.body.id}`)).toEqual({ ...first, status: 200 });
  expect((await sandbox.call("GET", "/v1/charges?reference=r-1")).body).toEqual({ data: [first.body] } as never);
  expect((await sandbox.call("GET", "/v1/charges?reference=r-2")).body).toEqual({ data: [] } as never);
});

test("a request that is not as it should be is refused", async () => {
  await using sandbox = await startSandbox();
  const wanted = { reference: "r-1", amount: 1_990, description: "Acesso", expires_in: 60 };
  for (const wrong of [{ amount: 0 }, { amount: 19.9 }, { currency: "USD" }, { expires_in: 0 }, { notice_url: "x" }])
    expect(await sandbox.call("POST", "/v1/charges", { ...wanted, ...wrong })).toMatchObject({ status: 400 });
  expect(await sandbox.call("POST", "/v1/charges", wanted, "nobody")).toMatchObject({ status: 401 });
  expect(await sandbox.call("GET", "/v1/me", undefined, "nobody")).toMatchObject({ status: 401 });
  expect(await sandbox.call("GET", "/v1/me")).toMatchObject({ status: 200, body: { fee_basis_points: 99 } });
  expect(await sandbox.call("GET", "/v1/charges/ch_none")).toMatchObject({
    status: 404,
    body: { error: { code: "not_found" } },
  });
  expect(await sandbox.call("GET", "/v1/statement?from=x&to=y")).toMatchObject({ status: 400 });
});

test("a merchant sees its own charges only, and may use a reference that another one uses", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge({ reference: "same" });
  const other = await sandbox.control.merchant();
  expect(await sandbox.call("GET", `/v1/charges/${id}`, undefined, other.token)).toMatchObject({ status: 404 });
  const wanted = { reference: "same", amount: 5, description: "x", expires_in: 60 };
  expect(await sandbox.call("POST", "/v1/charges", wanted, other.token)).toMatchObject({ status: 201 });
});

test("the PIX code is a BR Code of the charge's amount", async () => {
  expect(crc16("123456789")).toBe("29B1");
  await using sandbox = await startSandbox();
  const { br_code: code } = await sandbox.charge({ amount: 123_456 });
  expect(crc16(code.slice(0, -4))).toBe(code.slice(-4));
  const fields = new Map<string, string>();
  for (let at = 0; at < code.length; ) {
    const length = Number(code.slice(at + 2, at + 4));
    fields.set(code.slice(at, at + 2), code.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  expect([...fields.keys()]).toEqual(["00", "26", "52", "53", "54", "58", "59", "60", "62", "63"]);
  expect(fields.get("54")).toBe("1234.56");
  expect(fields.get("26")).toMatch(/^0014br\.gov\.bcb\.pix25\d\d[^:]+$/);
});

test("a charge that nobody paid in time is expired, and may be paid all the same", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge({ expires_in: 1 });
  const kept = sandbox.world.charges.byId(id);
  if (kept) kept.expiresMs = Date.now();
  expect((await sandbox.call("GET", `/v1/charges/${id}`)).body.status).toBe("expired");
  expect((await sandbox.control.pay({ id })).status).toBe("paid");
});

test("a refund is made once for its key, and never of more than is left", async () => {
  await using sandbox = await startSandbox();
  const { id } = await sandbox.charge();
  const refund = (json: object) => sandbox.call("POST", `/v1/charges/${id}/refund`, json);
  expect(await refund({ key: "a" })).toMatchObject({ status: 409 });
  await sandbox.control.pay({ id });
  const first = await refund({ key: "a", amount: 500 });
  expect(first).toMatchObject({ status: 200, body: { amount: 500, charge: { status: "paid", refunded_amount: 500 } } });
  expect((await refund({ key: "a", amount: 500 })).body).toEqual(first.body);
  expect(await refund({ key: "a", amount: 501 })).toMatchObject({ status: 409 });
  expect(await refund({ key: "b", amount: 1_491 })).toMatchObject({ status: 422 });
  expect(await refund({ key: "b" })).toMatchObject({
    body: { charge: { status: "refunded", refunded_amount: 1_990 } },
  });
});

test("the statement holds every movement, and adds up to the totals", async () => {
  await using sandbox = await startSandbox();
  const split = { recipient: "platform", amount: 100 };
  const [paid, refunded, disputed] = [await sandbox.charge({ split }), await sandbox.charge(), await sandbox.charge()];
  await sandbox.charge();
  for (const { id } of [paid, refunded, disputed]) await sandbox.control.pay({ id });
  await sandbox.control.refund({ id: refunded.id, amount: 990 });
  await sandbox.control.chargeback({ id: disputed.id });
  const { data, has_more } = (await sandbox.call("GET", `/v1/statement?${everything}`))
    .body as unknown as StatementPage;
  expect(has_more).toBe(false);
  const of = (type: string) => data.filter((line) => line.type === type).map(({ amount }) => amount);
  expect({ payment: of("payment"), fee: of("fee"), split: of("split") }).toEqual({
    payment: [1_990, 1_990, 1_990],
    fee: [-19, -19, -19],
    split: [-100],
  });
  expect([of("refund"), of("chargeback")]).toEqual([[-990], [-1_990]]);
  expect(await sandbox.control.totals()).toEqual({
    ...{ charges: 4, payments: 3, paid: 5_970, refunds: 1, refunded: 990 },
    ...{ chargebacks: 1, disputed: 1_990, fees: 57, split: 100 },
  });
  expect((await sandbox.call("GET", "/v1/statement?from=2000-01-01&to=2001-01-01")).body.data).toEqual([]);
});

test("a long statement comes in pages of a thousand", async () => {
  await using sandbox = await startSandbox();
  await sandbox.control.merchant({ token: "sandbox_merchant_a", fee_basis_points: 0 });
  const { id } = await sandbox.charge({ amount: 1 });
  for (let round = 0; round < 6; round++) await sandbox.control.pay({ id, times: 100 });
  const page = async (number: number) =>
    (await sandbox.call("GET", `/v1/statement?${everything}&page=${number}`)).body as unknown as StatementPage;
  const [first, second, third] = [await page(1), await page(2), await page(3)];
  expect([first.data.length, second.data.length, third.data.length]).toEqual([1_000, 200, 0]);
  expect([first.has_more, second.has_more]).toEqual([true, false]);
  expect(new Set([...first.data, ...second.data].map((line) => line.id)).size).toBe(1_200);
});

test("only so many charges are kept: finished ones go first, then the oldest", async () => {
  await using sandbox = await startSandbox({ chargesKept: 3, movementsKept: 4, noticesKept: 2 });
  const made = [await sandbox.charge(), await sandbox.charge(), await sandbox.charge()];
  await sandbox.control.pay({ reference: "r2" });
  const references = async () => (await sandbox.control.charges()).map(({ reference }) => reference);
  await sandbox.charge();
  expect(await references()).toEqual(["r1", "r3", "r4"]);
  await sandbox.charge();
  expect(await references()).toEqual(["r3", "r4", "r5"]);
  expect(await sandbox.call("GET", `/v1/charges/${made[0]?.id}`)).toMatchObject({ status: 404 });
  for (const reference of ["r3", "r4", "r5"]) await sandbox.control.pay({ reference });
  const { data } = (await sandbox.call("GET", `/v1/statement?${everything}`)).body as unknown as StatementPage;
  expect(data).toHaveLength(4);
  expect(await sandbox.control.totals()).toMatchObject({ charges: 5, payments: 4 });
});

test("a queue gives in order, and keeps what is wanted", () => {
  const queue = createQueue<number>();
  for (let item = 0; item < 5_000; item++) queue.push(item);
  for (let item = 0; item < 3_000; item++) expect(queue.shift()).toBe(item);
  expect([queue.size, queue.peek(), queue.at(10)]).toEqual([2_000, 3_000, 3_010]);
  queue.keep((item) => item % 1_000 === 0);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([3_000, 4_000, undefined]);
});
