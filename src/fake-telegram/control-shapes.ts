// What the control takes: one schema gives the type and the check of each input.

import { type Static, Type } from "@sinclair/typebox";

const AnyObject = Type.Record(Type.String(), Type.Unknown());

/** A person (or bot) as Telegram describes them; only `id` and `first_name` must be there. */
const UserInput = Type.Object({
  id: Type.Integer(),
  first_name: Type.String(),
  last_name: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  language_code: Type.Optional(Type.String()),
  is_premium: Type.Optional(Type.Boolean()),
});

/** The user writes to the bot. `message` is merged over the message made from `text`: a photo, a group `chat`, a
 *  `successful_payment`; with an `edit_date` it becomes an edited_message. */
export const SayInput = Type.Object({
  token: Type.String(),
  user: UserInput,
  text: Type.Optional(Type.String()),
  message: Type.Optional(AnyObject),
});

/** The user taps a button of a message: by its text, or with any `data`. `chat_id` defaults to the user's chat. */
export const TapInput = Type.Object({
  token: Type.String(),
  user: UserInput,
  message_id: Type.Integer(),
  chat_id: Type.Optional(Type.Integer()),
  data: Type.Optional(Type.String()),
  button: Type.Optional(Type.String()),
});

/** The user pays an invoice of the bot, named by its payload or by its message. `chat_id`: where that is, by default the user's chat. */
export const PayInvoiceInput = Type.Object({
  token: Type.String(),
  user: UserInput,
  message_id: Type.Optional(Type.Integer()),
  chat_id: Type.Optional(Type.Integer()),
  payload: Type.Optional(Type.String()),
});

/** Any update; without an `update_id` it gets the bot's next one. */
export const UpdateInput = Type.Object({ token: Type.String(), update: AnyObject });

/** The bot's own membership changes: the user blocks ("kicked") or unblocks it, or, with a `chat`, a group does. */
export const MemberInput = Type.Object({
  token: Type.String(),
  user: UserInput,
  status: Type.Union([
    Type.Literal("kicked"),
    Type.Literal("member"),
    Type.Literal("administrator"),
    Type.Literal("left"),
  ]),
  chat: Type.Optional(AnyObject),
});

/** Absent token, method and chat_id match all; absent `times` = for ever; `probability` in [0, 1].
 *  `ms`: of "latency", and how long "hang" holds the connection before it is cut (absent = for ever).
 *  "lost": the effect happens, then the connection is cut without an answer; "reset": cut without an effect. */
export const FaultInput = Type.Object({
  kind: Type.Union(
    (["latency", "429", "5xx", "reset", "lost", "403", "401", "400", "migrate", "hang"] as const).map((kind) =>
      Type.Literal(kind),
    ),
  ),
  token: Type.Optional(Type.String()),
  method: Type.Optional(Type.String()),
  chat_id: Type.Optional(Type.Integer()),
  ms: Type.Optional(Type.Number({ minimum: 0 })),
  retry_after: Type.Optional(Type.Integer({ minimum: 1 })),
  description: Type.Optional(Type.String()),
  migrate_to_chat_id: Type.Optional(Type.Integer()),
  times: Type.Optional(Type.Integer({ minimum: 1 })),
  probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
});

/** `openChats`: every positive chat id counts as known. `revoked`: the token answers 401 and its webhook is gone. */
export const BotInput = Type.Object({
  token: Type.String(),
  username: Type.Optional(Type.String()),
  first_name: Type.Optional(Type.String()),
  revoked: Type.Optional(Type.Boolean()),
  openChats: Type.Optional(Type.Boolean()),
});

export const FileUrlInput = Type.Object({ url: Type.String(), failing: Type.Boolean() });

export const SendsInput = Type.Object({
  since_seq: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
});

export type UserInput = Static<typeof UserInput>;
export type SayInput = Static<typeof SayInput>;
export type TapInput = Static<typeof TapInput>;
export type PayInvoiceInput = Static<typeof PayInvoiceInput>;
export type UpdateInput = Static<typeof UpdateInput>;
export type MemberInput = Static<typeof MemberInput>;
export type FaultInput = Static<typeof FaultInput>;
export type BotInput = Static<typeof BotInput>;
export type FileUrlInput = Static<typeof FileUrlInput>;
export type SendsInput = Static<typeof SendsInput>;
