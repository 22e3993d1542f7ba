// What an update leads to. Pure: the update, what is known of the person, the funnel and the time go in; a decision comes out.

import { runReply, runStep } from "../funnel/run.ts";
import type { Say } from "../funnel/say.ts";
import { findButton, type SealedFunnel } from "../funnel/seal.ts";
import { walk } from "../funnel/walk.ts";
import type { Customer, Decision, KeptMessage } from "../inbox/line.ts";
import type { Effect } from "../kernel/effect.ts";
import type { FunnelVersionId } from "../kernel/ids.ts";
import { limits } from "../kernel/limits.ts";
import { composeCalls } from "./message.ts";
import type { Incoming, Person } from "./update.ts";

/** A funnel in one of its immutable versions. */
export type FunnelVersion = { id: FunnelVersionId; funnel: SealedFunnel };

export type Scene = {
  customer: Customer;
  /** The version that a start begins; absent = the bot has no funnel yet. */
  current?: FunnelVersion;
  /** The version that this customer began; absent = none, or the one that is current. */
  own?: FunnelVersion;
  /** The version in which a tapped button stands; absent = we know no such button. */
  tapped?: FunnelVersion;
  receivedAt: Date;
  now: Date;
};

type Speaking = Extract<Incoming, { person: Person }>;

export function decide(incoming: Incoming, scene: Scene): Decision {
  switch (incoming.kind) {
    case "ignored":
      return { outcome: "ignored", effects: [] };
    case "member":
      return decideMember(incoming.blocked, scene);
    case "tap":
      return decideTap(incoming, scene);
    case "start":
      return { ...decideStart(incoming, incoming.payload, scene), message: keptMessage(incoming) };
    default: {
      // Somebody who never began is welcomed, whatever he writes.
      const decision = !hasBegun(scene.customer) ? decideFirst(incoming, scene) : decideText(incoming, scene);
      return { ...decision, message: keptMessage(incoming) };
    }
  }
}

/** Begins the funnel from the start and answers again; tapped again within five seconds it is answered once. */
function decideStart(incoming: Speaking, payload: string | null, scene: Scene): Decision & { customer: Customer } {
  const { customer, current, receivedAt } = scene;
  const seen = { ...customer, blockedAt: null };
  if (isWithin(customer.startedAt, receivedAt, limits.startRepeatMs))
    return { outcome: "processed", customer: seen, effects: [] };
  const started: Customer = {
    ...seen,
    startPayload: payload ?? customer.startPayload,
    startedAt: receivedAt,
    funnelVersionId: current?.id ?? null,
    stepId: null,
    answeredWhat: null,
    answeredAt: null,
  };
  const profile: Effect = { kind: "profile", policy: "reply", body: profileOf(incoming.person) };
  if (!current) return { outcome: "processed", customer: started, effects: [profile] };
  const { sends, at } = walkFrom(current.funnel, current.funnel.start, incoming.person);
  return { outcome: "processed", customer: { ...started, stepId: at }, effects: [...sends, profile] };
}

/** The first words of somebody who sent no /start are a start; the same words again within three seconds are answered by it, too. */
function decideFirst(incoming: Speaking & { text: string }, scene: Scene): Decision & { customer: Customer } {
  const decision = decideStart(incoming, null, scene);
  const answered = { answeredWhat: whatIsSaid(incoming), answeredAt: scene.receivedAt };
  return { ...decision, customer: { ...decision.customer, ...answered } };
}

/** Text outside a step gets the bot's configured reply, the same text again within three seconds only once. */
function decideText(incoming: Speaking & { text: string }, scene: Scene): Decision {
  const { customer, receivedAt } = scene;
  const version = scene.own ?? scene.current;
  const what = whatIsSaid(incoming);
  const seen = { ...customer, blockedAt: null };
  if (isRepeat(customer, what, receivedAt)) return { outcome: "processed", customer: seen, effects: [] };
  const answered = { ...seen, answeredWhat: what, answeredAt: receivedAt };
  const effects = version ? repliesWith(runReply(version.funnel, namesOf(incoming.person))) : [];
  return { outcome: "processed", customer: answered, effects };
}

const BUY_LATER = "O pagamento por PIX chega em breve. 💚";
const BUTTON_GONE = "Este botão não vale mais. Envie /start para recomeçar.";

function decideTap(tap: Incoming & { kind: "tap" }, scene: Scene): Decision {
  const { customer, tapped, receivedAt, now } = scene;
  // Telegram has forgotten the query by now; acting on it would surprise the person.
  if (now.getTime() - receivedAt.getTime() > limits.callbackAgeMs) return { outcome: "ignored", effects: [] };
  const courtesy = (text?: string) => ({
    callbackQueryId: tap.callbackQueryId,
    ...(text === undefined ? {} : { text }),
  });
  const button = tapped && findButton(tapped.funnel, tap.key)?.button;
  if (!tapped || !button) return { outcome: "processed", effects: [], courtesy: courtesy(BUTTON_GONE) };
  if (!("step" in button)) return { outcome: "processed", effects: [], courtesy: courtesy(BUY_LATER) };
  const what = `tap:${tap.key}`;
  if (isRepeat(customer, what, receivedAt)) return { outcome: "processed", effects: [], courtesy: courtesy() };
  const { sends, at } = walkFrom(tapped.funnel, button.step, tap.person);
  const moved: Customer = {
    ...customer,
    blockedAt: null,
    funnelVersionId: tapped.id,
    stepId: at,
    answeredWhat: what,
    answeredAt: receivedAt,
  };
  return { outcome: "processed", customer: moved, effects: sends, courtesy: courtesy() };
}

function decideMember(blocked: boolean, scene: Scene): Decision {
  const { customer, receivedAt } = scene;
  return { outcome: "processed", customer: { ...customer, blockedAt: blocked ? receivedAt : null }, effects: [] };
}

/** What the steps from `from` on say to this person, and where he then stands. */
function walkFrom(funnel: SealedFunnel, from: string, person: Person): { sends: Effect[]; at: string } {
  const { steps, at } = walk(funnel, from);
  return { sends: repliesWith(steps.flatMap((step) => runStep(step, namesOf(person)))), at };
}

function repliesWith(says: Say[]): Effect[] {
  return says.flatMap(composeCalls).map((call) => ({ kind: "send", policy: "reply", body: call }));
}

function keptMessage(
  incoming: Speaking & { messageId: KeptMessage["messageId"]; at: Date; text: string },
): KeptMessage {
  const media = incoming.kind === "media" ? incoming : undefined;
  return {
    messageId: incoming.messageId,
    kind: media?.media ?? "text",
    body: incoming.text || null,
    fileId: media?.fileId ?? null,
    at: incoming.at,
  };
}

function profileOf({ firstName, lastName, username, languageCode, isPremium }: Person) {
  return { firstName, lastName, username, languageCode, isPremium };
}

function namesOf({ firstName, lastName }: Person) {
  return { firstName, fullName: [firstName, lastName].filter(Boolean).join(" ") };
}

const whatIsSaid = ({ text }: { text: string }): string => `text:${text.slice(0, 200)}`;

/** Who taps a button has begun, too, even if we never saw his /start. */
const hasBegun = ({ startedAt, stepId }: Customer): boolean => startedAt !== null || stepId !== null;

const isWithin = (earlier: Date | null, now: Date, ms: number): boolean =>
  earlier !== null && Math.abs(now.getTime() - earlier.getTime()) < ms;

const isRepeat = (customer: Customer, what: string, at: Date): boolean =>
  customer.answeredWhat === what && isWithin(customer.answeredAt, at, limits.sameTextMs);
