// How much is logged, changed while it runs.

import { readLogLevel } from "../kernel/config.ts";
import { reasonOf } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";

/** At each SIGHUP reads LOG_LEVEL_FILE again; `onChange`: for the children to do the same. What is wrong there is said, and changes nothing. */
export function rereadLogLevel(log: Log, onChange: () => void = () => {}): void {
  process.on("SIGHUP", () => {
    try {
      log.level = readLogLevel();
      log.info({ fact: "log.level", level: log.level }, "the log level was read again");
      onChange();
    } catch (error) {
      log.warn({ fact: "log.level_kept", reason: reasonOf(error), level: log.level }, "the log level stays as it is");
    }
  });
}
