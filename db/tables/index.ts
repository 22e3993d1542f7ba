// LIST of the tables that are spoken to through drizzle. The line's tables (inbox, effect, customer, message) are written in
// batches, in SQL, where the line is: src/inbox, src/process.ts, src/perform.ts, src/telegram/conversation.ts.

export { bot } from "./bot.ts";
export { tenant } from "./tenant.ts";
