// A newer program takes the place of this one while it runs: nobody is refused, and whoever connects is served by one of them.

import { ownEnvironment } from "../kernel/config.ts";
import { reasonOf } from "../kernel/errors.ts";
import { HANDED_OVER } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";
import type { Log } from "../kernel/log.ts";
import { calledCommand, withListener } from "../kernel/own-process.ts";
import type { Systemd } from "../kernel/systemd.ts";
import { type Child, startChild } from "./child.ts";

type HandOver = {
  log: Log;
  systemd: Systemd;
  listenFd: number | undefined;
  /** Why it cannot be done here; undefined when it can. */
  obstacle: string | undefined;
};

/**
 * At SIGUSR2 the program is started once more, from the path by which it was called, with the same flags and the same listening socket.
 * Once that one serves it is the service's main process, and the promise resolves with HANDED_OVER: it is time to end. When it fails, all
 * stays as it is.
 */
export function handedOver({ log, systemd, listenFd, obstacle }: HandOver): Promise<string> {
  return new Promise((resolve) => {
    let isUnderWay = false;
    process.on("SIGUSR2", async () => {
      if (isUnderWay) return;
      if (obstacle) return log.warn({ fact: "handover.refused", obstacle }, "it cannot hand over");
      isUnderWay = true;
      systemd.handsOver();
      const failure = await startSuccessor(log, listenFd).catch(reasonOf);
      if (failure === undefined) return resolve(HANDED_OVER);
      isUnderWay = false;
      log.error({ fact: "handover.failed", reason: failure }, "the successor does not serve; this process goes on");
      systemd.staysOn(`serves; the successor did not (${failure})`);
    });
  });
}

/** Resolves with undefined when it serves, else with what is wrong. */
async function startSuccessor(log: Log, listenFd: number | undefined): Promise<string | undefined> {
  const command = [...calledCommand(), ...Bun.argv.slice(2)];
  const successor = startChild({ command, env: withListener(ownEnvironment(), listenFd !== undefined), listenFd });
  log.info({ fact: "handover.started", successorPid: successor.pid }, "a successor starts");
  const failure = await Promise.race([successor.serves, successor.ended, tooLate(successor)]);
  successor.letGo();
  return failure ?? undefined;
}

async function tooLate(successor: Child): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, limits.handOverMs).unref());
  successor.kill("SIGKILL");
  return `not within ${limits.handOverMs / 1_000} s`;
}
