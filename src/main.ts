// grimbots: picks the command, runs it, and turns every failure into one sentence and an exit code.

import packageJson from "../package.json" with { type: "json" };
import { type Command, helpOf, type Print, readFlags } from "./commands/command.ts";
import { commands } from "./commands/index.ts";
import { CommandError, PermanentError, reasonOf } from "./kernel/errors.ts";
import { openLog, redactTokens } from "./kernel/log.ts";
import { metrics } from "./kernel/metrics.ts";

async function main(args: string[]): Promise<void> {
  const [first = "--help"] = args;
  if (first === "--help" || first === "-h" || first === "help") return write(overview());
  if (first === "--version") return write(`${packageJson.version}\n`);
  const command = findCommand(args);
  const flags = readFlags(command, args.slice(command.words.split(" ").length));
  if (flags.has("help")) return write(helpOf(command));
  metrics.buildInfo.set({ version: packageJson.version, bun: Bun.version }, 1);
  const print: Print = (result, sentence) => {
    if (flags.has("json")) write(`${JSON.stringify(result)}\n`);
    else if (sentence) write(`${sentence}\n`);
  };
  await command.run(flags, print);
}

function findCommand(args: string[]): Command {
  const command = commands.find(({ words }) => words.split(" ").every((word, index) => args[index] === word));
  if (!command)
    throw new CommandError(`There is no command "${args.slice(0, 2).join(" ")}"; \`grimbots --help\` lists them.`, 2);
  return command;
}

function overview(): string {
  const lines = commands.map(({ words, summary }) => `  ${words.padEnd(15)} ${summary}`);
  return `grimbots ${packageJson.version}: Telegram sales bots in one executable.\n\n${lines.join("\n")}\n\n\`grimbots <command> --help\` shows its flags; settings come from the environment (see README).\n`;
}

const write = (text: string): void => void process.stdout.write(text);

/** What nobody waited for went wrong. Left alone, Bun prints every property of the error, a statement's values among them. */
function crash(error: unknown): never {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const stack = innermost instanceof Error ? (innermost.stack ?? "") : "";
  const at = stack.split("\n").flatMap((line) => /^\s+at (.+)$/.exec(line)?.[1] ?? []);
  const reason = reasonOf(innermost).split("\n")[0];
  openLog("fatal", 2).fatal({ fact: "process.crashed", reason, at: at.slice(0, 10) }, "something unforeseen ended it");
  process.exit(1);
}

process.on("unhandledRejection", crash);
process.on("uncaughtException", crash);

main(Bun.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${redactTokens(sentenceOf(error))}\n`);
    process.exit(error instanceof CommandError ? error.exitCode : 1);
  },
);

/** The whole story of what nobody expected may hold a query's values, so only its innermost first line is told. */
function sentenceOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof PermanentError) return error.message;
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `Unexpected: ${reasonOf(innermost).split("\n")[0]}.`;
}
