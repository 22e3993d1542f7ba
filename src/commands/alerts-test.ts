// grimbots alerts test

import { readConfig } from "../kernel/config.ts";
import { CommandError, reasonOf } from "../kernel/errors.ts";
import { redactTokens } from "../kernel/log.ts";
import { openDestinations, placeOf } from "../monitoring.ts";
import type { Command } from "./command.ts";

export const alertsTest: Command = {
  words: "alerts test",
  summary: "sends a message to each address of the operator's, now; needs neither PostgreSQL nor Redis.",
  flags: [
    {
      name: "text",
      value: "TEXT",
      means: "What it says instead of that it is a test: for a unit's OnFailure=, a backup that failed, and the like.",
    },
  ],
  async run(flags, print) {
    const config = readConfig();
    const destinations = openDestinations(config);
    if (destinations.length === 0)
      throw new CommandError("Nobody would be told: set ALERT_TELEGRAM, or ALERT_EMAIL with SMTP_URL.", 2);
    const place = placeOf(config);
    const said = flags.text("text") ?? "teste: os alertas chegam até aqui.";
    const note = { subject: `GRIMBOTS ${place}`, text: `GRIMBOTS ${place}: ${said}`.slice(0, 4_000), buttons: [] };
    const results = await Promise.all(
      destinations.map(async ({ name, send }) => {
        const error = await send(note).then(
          () => undefined,
          (reason) => redactTokens(reasonOf(reason)).slice(0, 200),
        );
        return { destination: name, ok: error === undefined, ...(error !== undefined && { error }) };
      }),
    );
    const lines = results.map(
      ({ destination, ok, error }) => `${ok ? "ok  " : "FAIL"} ${destination}${ok ? "" : `: ${error}`}`,
    );
    print({ results }, lines.join("\n"));
    const failed = results.filter(({ ok }) => !ok).length;
    if (failed > 0) throw new CommandError(`${failed} of ${results.length} addresses were not reached.`);
  },
};
