// Points in time as customers in Brazil read them. The same everywhere: the zone is named, never the machine's own.

const zone = { timeZone: "America/Sao_Paulo" } as const;
const clock = new Intl.DateTimeFormat("pt-BR", { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayAndMonth = new Intl.DateTimeFormat("pt-BR", { ...zone, day: "2-digit", month: "2-digit" });
const wholeDate = new Intl.DateTimeFormat("pt-BR", { ...zone, day: "2-digit", month: "2-digit", year: "numeric" });

const MINUTE_MS = 60_000;

/** Until when something can be paid, in São Paulo's time: "14:35 (30 minutos)", on another day "02/03 às 00:10 (30 minutos)". */
export function validityOf(expiresAt: string, now: Date): string {
  const end = new Date(expiresAt);
  const time = wholeDate.format(end) === wholeDate.format(now) ? clock.format(end) : timeOnDay(end);
  const minutes = Math.round((end.getTime() - now.getTime()) / MINUTE_MS);
  return minutes < 1 ? time : `${time} (${durationOf(minutes)})`;
}

/** "01/03/2026", in São Paulo. */
export function dateOf(at: string): string {
  return wholeDate.format(new Date(at));
}

function timeOnDay(end: Date): string {
  return `${dayAndMonth.format(end)} às ${clock.format(end)}`;
}

function durationOf(minutes: number): string {
  const parts = [counted(Math.floor(minutes / 60), "hora"), counted(minutes % 60, "minuto")];
  return parts.filter(Boolean).join(" e ");
}

function counted(count: number, unit: string): string {
  return count === 0 ? "" : `${count} ${unit}${count === 1 ? "" : "s"}`;
}
