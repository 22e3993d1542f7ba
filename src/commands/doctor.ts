// grimbots doctor: one line for each thing that must be right, with the remedy when it is not, in Portuguese or English.

import packageJson from "../../package.json" with { type: "json" };
import { ownEnvironment } from "../kernel/config.ts";
import { CommandError } from "../kernel/errors.ts";
import type { Command, Flags } from "./command.ts";
import { diagnose } from "./doctor/diagnose.ts";
import { asLine, fine, inWords } from "./doctor/finding.ts";
import { languageOf, say } from "./doctor/words.ts";

export const doctor: Command = {
  words: "doctor",
  summary:
    "checks settings, machine, database, Redis, clocks, every bot's webhook and every gateway account; says what to do.",
  flags: [
    {
      name: "lang",
      value: "pt|en",
      means: "Language of what it says. Default: the machine's (LANG), else Portuguese.",
    },
    { name: "seconds", value: "N", means: "Look at bots and gateway accounts for so long. Default: 60." },
  ],
  async run(flags, print) {
    const env = ownEnvironment();
    const language = languageOf(readLanguage(flags), env);
    const version = fine("version", "version_is", { version: packageJson.version, bun: Bun.version });
    const findings = [version, ...(await diagnose(env, readSeconds(flags) * 1_000))];
    const checks = findings.map((finding) => inWords(finding, language));
    const failed = checks.filter(({ ok }) => !ok).length;
    print({ ok: failed === 0, checks }, checks.map(asLine).join("\n"));
    if (failed > 0) throw new CommandError(say("failed", language, { failed, all: checks.length }));
  },
};

function readLanguage(flags: Flags): string | undefined {
  const language = flags.text("lang");
  if (language === undefined || language === "pt" || language === "en") return language;
  throw new CommandError("--lang takes pt or en.", 2);
}

function readSeconds(flags: Flags): number {
  const seconds = Number(flags.text("seconds") ?? 60);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400)
    throw new CommandError("--seconds takes a whole number from 1 to 86400.", 2);
  return seconds;
}
