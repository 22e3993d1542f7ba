// What the funnel wants said to one person, before anybody thinks of Telegram's calls.

import type { SealedButton } from "./button.ts";
import type { FormattedText } from "./html.ts";
import type { Media } from "./media.ts";

/** `protect`: no forwarding or saving · `silent`: no sound · `linkPreview`: false hides it, Telegram's default is true. */
export type Say = {
  media?: Media;
  text?: FormattedText;
  buttons?: SealedButton[][];
  protect?: boolean;
  silent?: boolean;
  linkPreview?: boolean;
};
