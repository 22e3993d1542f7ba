// grimbots alerts ack

import { systemClock } from "../kernel/clock.ts";
import { CommandError } from "../kernel/errors.ts";
import { alerts } from "../ops/alerts.ts";
import { acknowledge } from "../ops/incident-book.ts";
import type { Command } from "./command.ts";
import { onDatabase } from "./open.ts";

export const alertsAck: Command = {
  words: "alerts ack",
  summary: "silences an open alert until it is over or something new joins it, as its button does.",
  alone: "name",
  flags: [
    { name: "name", value: "NAME", required: true, means: "The alert, such as redis_down; --name may be left out." },
    { name: "by", value: "WHO", means: "Who knows of it. Default: the user who runs this." },
  ],
  async run(flags, print) {
    const name = flags.need("name");
    if (!alerts.some((alert) => alert.name === name))
      throw new CommandError(`There is no alert "${name}": they are ${alerts.map((one) => one.name).join(", ")}.`, 2);
    const by = flags.text("by") ?? ownName();
    const incident = await onDatabase((sql) => acknowledge(sql, { name, by, now: systemClock.now() }));
    if (!incident) throw new CommandError(`${name} is not open.`);
    print(incident, `${name} is silent until it is over, or something new joins it.`);
  },
};

/** The account that this runs under; not by its environment, in which a timer or sudo may have another one, or none. */
function ownName(): string {
  if (Bun.which("id") === null) return SOMEBODY;
  const { success, stdout } = Bun.spawnSync(["id", "-un"], { stderr: "ignore" });
  return (success && stdout.toString().trim()) || SOMEBODY;
}

/** Read by the operator, in `grimbots alerts` and in messages. */
const SOMEBODY = "quem tem acesso à máquina";
