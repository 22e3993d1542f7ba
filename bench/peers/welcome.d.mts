// The welcome as TypeScript sees it.

export function welcome(firstName: string): { caption: string; parse_mode: "HTML"; reply_markup: object };
