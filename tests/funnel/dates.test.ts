// Points in time as customers read them, whatever zone the machine is in.

import { expect, test } from "bun:test";
import { dateOf, validityOf } from "#src/funnel/dates.ts";

const now = new Date("2026-03-01T17:05:00Z");

test.each([
  ["2026-03-01T17:35:00Z", "14:35 (30 minutos)"],
  ["2026-03-01T17:34:31Z", "14:34 (30 minutos)"],
  ["2026-03-01T17:06:00Z", "14:06 (1 minuto)"],
  ["2026-03-01T18:05:00Z", "15:05 (1 hora)"],
  ["2026-03-01T18:35:00Z", "15:35 (1 hora e 30 minutos)"],
  ["2026-03-01T19:06:00Z", "16:06 (2 horas e 1 minuto)"],
  ["2026-03-02T02:59:00Z", "23:59 (9 horas e 54 minutos)"],
  ["2026-03-02T03:00:00Z", "02/03 às 00:00 (9 horas e 55 minutos)"],
  ["2026-03-02T17:05:00Z", "02/03 às 14:05 (24 horas)"],
  ["2026-03-01T17:05:20Z", "14:05"],
  ["2026-03-01T16:00:00Z", "13:00"],
])("%s is %s", (expiresAt, written) => {
  expect(validityOf(expiresAt, now)).toBe(written);
});

test("a date is São Paulo's", () => {
  expect(dateOf("2026-03-01T02:59:59Z")).toBe("28/02/2026");
  expect(dateOf("2026-03-01T03:00:00Z")).toBe("01/03/2026");
});
