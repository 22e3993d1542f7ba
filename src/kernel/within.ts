// A bound on a wait: what is waited for goes on, but nobody stands behind it any longer.

/** Settles as `promise` does, or rejects with what `late` makes after `ms`. */
export function within<Value>(ms: number, promise: Promise<Value>, late: () => Error): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  return Promise.race([promise, bound]).finally(() => clearTimeout(timer));
}
