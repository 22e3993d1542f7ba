// What the operator reads: one message for all that is to be said in a round. Pure.

import { type Alert, findAlert } from "./alerts.ts";
import type { Incident, Saying } from "./incident.ts";
import { counted, durationText } from "./look.ts";

/** A button under a message: what a tap on it sends back. */
export type Button = { text: string; data: string };
export type Note = { subject: string; text: string; buttons: Button[] };
/** One incident, and what is said of it. */
export type Told = { incident: Incident; says: Saying };

/** Telegram takes 4,096 UTF-16 units; what is beyond is only named. */
const TEXT_UNITS = 3_600;
const SENTENCE_UNITS = 500;

const RUNBOOK = "docs/operations.md";

/** `place`: which installation speaks. `news`: one more line, about what waits to be read. */
export function composeNote(place: string, told: readonly Told[], news: string | undefined, now: Date): Note {
  const lasting = told.filter(({ says }) => says !== "over");
  const over = told.filter(({ says }) => says === "over");
  const blocks = [
    ...lasting.map((one) => lastingText(one, now)),
    ...over.map(overText),
    ...(news ? [`ℹ️ ${news}`] : []),
  ];
  const head = `${place}: ${headOf(lasting, over)}`;
  return {
    subject: `GRIMBOTS ${head}`.slice(0, 200),
    text: fit(`GRIMBOTS ${head}`, blocks),
    buttons: lasting.map(({ incident }) => ({
      text: `Ciente: ${titleOf(incident)}`,
      data: acknowledgement(incident),
    })),
  };
}

/** What a button sends back; it names this very incident, not a later one of the same name. */
export const acknowledgement = ({ name, since }: Pick<Incident, "name" | "since">): string =>
  `ack:${name}:${since.getTime()}`;

/** Reads it again; undefined for anything else. */
export function readAcknowledgement(data: string): { name: string; since: Date } | undefined {
  const [, name, ms] = /^ack:([a-z_]{1,40}):(\d{1,15})$/.exec(data) ?? [];
  return name === undefined ? undefined : { name, since: new Date(Number(ms)) };
}

const alertOf = ({ name }: Incident): Alert | undefined => findAlert(name);
const titleOf = (incident: Incident): string => alertOf(incident)?.title ?? incident.name;

function headOf(lasting: readonly Told[], over: readonly Told[]): string {
  const [only] = [...lasting, ...over];
  if (lasting.length + over.length === 1 && only)
    return lasting.length === 1 ? titleOf(only.incident) : `resolvido: ${titleOf(only.incident)}`;
  const parts = [
    ...(lasting.length > 0 ? [counted(lasting.length, "alerta", "alertas")] : []),
    ...(over.length > 0 ? [counted(over.length, "resolvido", "resolvidos")] : []),
  ];
  return parts.join(", ") || "aviso";
}

function lastingText({ incident, says }: Told, now: Date): string {
  const since = durationText(now.getTime() - incident.since.getTime());
  const lead = { fired: "", again: `(continua há ${since}) `, more: `(aumentou; começou há ${since}) `, over: "" }[
    says
  ];
  const remedy = alertOf(incident)?.remedy ?? "Veja `grimbots doctor`.";
  return `🔴 ${lead}${incident.sentence.slice(0, SENTENCE_UNITS)}\n→ ${remedy}\n${RUNBOOK}#${incident.name}`;
}

function overText({ incident }: Told): string {
  const lastedMs = (incident.goneAt ?? incident.since).getTime() - incident.since.getTime();
  return `✅ ${alertOf(incident)?.over ?? incident.name} Durou ${durationText(lastedMs)}.`;
}

/** As many blocks as fit, and how many more there are. */
function fit(head: string, blocks: readonly string[]): string {
  let text = head;
  for (const [index, block] of blocks.entries()) {
    if (text.length + block.length > TEXT_UNITS)
      return `${text}\n\n… e mais ${blocks.length - index}: veja \`grimbots alerts\`.`;
    text += `\n\n${block}`;
  }
  return text;
}
