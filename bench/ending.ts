// When a benchmark has to stop before it is done: a signal came, or its time is up.

import { CommandError } from "#src/kernel/errors.ts";
import { askedToEnd } from "#src/kernel/life.ts";

let signalled: Promise<never> | undefined;

/** Rejects with the first signal; later ones do not cut the cleaning short, which is bounded. Asked again, it is the same promise. */
export function untilAskedToEnd(): Promise<never> {
  if (signalled) return signalled;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  signalled = askedToEnd().then((signal) => Promise.reject(new CommandError(`Ended by ${signal}.`)));
  // It may come while nobody listens yet: whoever races it later still sees it.
  signalled.catch(() => undefined);
  return signalled;
}

/** What `work` gives; rejects with a CommandError at a signal, or when it takes longer than `ms`. */
export async function boundedBy<Result>(ms: number, name: string, work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CommandError(`${name} is not done after ${ms / 1_000} s: it is given up.`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, untilAskedToEnd(), late]);
  } finally {
    clearTimeout(timer);
  }
}
