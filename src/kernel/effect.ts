// LIST of effects: what a decision may ask for, with the data each one carries. src/perform.ts says what does it.

/** What to do when an answer was lost: reply and marketing are never repeated, a delivery is (with the same content). */
export type SendPolicy = "reply" | "delivery" | "marketing";

/** A message to be sent: a Bot API method with its parameters, without chat_id; a medium is filled in by the sender. */
export type SendBody = {
  method: string;
  payload: Record<string, unknown>;
  media?: { field: string; source: MediaSource };
};

export type MediaSource = { url: string } | { fileId: string } | { asset: string };

/** What a person's Telegram profile said when he wrote. */
export type ProfileBody = {
  firstName: string;
  lastName: string | null;
  username: string | null;
  languageCode: string | null;
  isPremium: boolean;
};

export type EffectBodies = { send: SendBody; profile: ProfileBody };
export type EffectKind = keyof EffectBodies;

/** An effect as decided; kept under (slot, row, n) of the inbox row that caused it. */
export type Effect = { [Kind in EffectKind]: { kind: Kind; policy: SendPolicy; body: EffectBodies[Kind] } }[EffectKind];
