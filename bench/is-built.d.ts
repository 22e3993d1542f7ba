// The part of deploy/'s JavaScript that the benchmarks use.

declare module "*/is-built.mjs" {
  /** Whether dist/grimbots is newer than everything it is made of. */
  export function isBuilt(): boolean;
}
