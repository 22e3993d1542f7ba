// One process that this one started from the program: what it says on the channel between them, and its end.

import { HANDED_OVER, SERVING } from "../kernel/life.ts";
import { limits } from "../kernel/limits.ts";

export type Child = {
  pid: number;
  /** Resolves when it serves; never when it ends before. */
  serves: Promise<void>;
  /** How it ended: an exit code, a signal, or that it was killed for its silence. */
  ended: Promise<string>;
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGHUP"): void;
  /** Another one takes its place: it takes its time to end. */
  handOver(): void;
  /** It goes on without being watched by this process. */
  letGo(): void;
};

export type Start = {
  command: string[];
  env: Record<string, string | undefined>;
  /** A listening socket that it gets as its descriptor 3. */
  listenFd: number | undefined;
};

/** Starts it. Throws when the machine refuses a new process. */
export function startChild({ command, env, listenFd }: Start): Child {
  const serves = Promise.withResolvers<void>();
  const silence = openSilence(() => child.kill("SIGKILL"));
  const inherited = listenFd === undefined ? [] : [listenFd];
  const child = Bun.spawn(command, {
    env,
    stdio: ["ignore", "inherit", "inherit", ...inherited],
    serialization: "json",
    ipc(message) {
      silence.isBroken();
      if (message === SERVING) serves.resolve();
    },
  });
  const ended = child.exited.then((code) => {
    silence.close();
    return silence.wasTooLong() ? "silent, so it was killed" : String(child.signalCode ?? `exit code ${code}`);
  });
  return {
    pid: child.pid,
    serves: serves.promise,
    ended,
    kill: (signal) => child.kill(signal),
    letGo: silence.close,
    handOver() {
      try {
        child.send(HANDED_OVER);
      } catch {
        // Its end of the channel is gone, and with it, most likely, the child.
        child.kill("SIGTERM");
      }
    },
  };
}

/**
 * Counts the times that we looked and it had said nothing. Not by a clock: when this process itself, or the whole machine, stood still,
 * nobody could have said anything.
 */
function openSilence(onTooLong: () => void) {
  let looks = 0;
  let hasSpoken = false;
  let isTooLong = false;
  const looking = setInterval(() => {
    looks += 1;
    if (isTooLong || looks * limits.childBeatMs <= (hasSpoken ? limits.childSilentMs : limits.childStartMs)) return;
    isTooLong = true;
    onTooLong();
  }, limits.childBeatMs);
  return {
    isBroken() {
      looks = 0;
      hasSpoken = true;
    },
    wasTooLong: () => isTooLong,
    close: () => clearInterval(looking),
  };
}
