// What is to be said to one person, before anybody thinks of Telegram's calls.

import type { MediaSource } from "../kernel/effect.ts";
import type { SealedButton } from "./button.ts";
import type { FormattedText } from "./html.ts";
import type { Media } from "./media.ts";

/** A medium of the seller's, or one of ours: a QR code. */
export type SayMedia = Omit<Media, "source"> & { source: MediaSource };

/** Copies `copy` (at most 256 characters) to the clipboard, or sends `callback` back to us. */
export type OwnButton = { text: string; copy: string } | { text: string; callback: string };
export type SayButton = SealedButton | OwnButton;

/** `protect`: no forwarding or saving · `silent`: no sound · `linkPreview`: false hides it, Telegram's default is true. */
export type Say = {
  media?: SayMedia;
  text?: FormattedText;
  buttons?: SayButton[][];
  protect?: boolean;
  silent?: boolean;
  linkPreview?: boolean;
};
