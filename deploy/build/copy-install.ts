// What stands beside the executable for whoever installs it: the script with its parts, the units, the sample of the settings, and the files for what stands around the program.
import { cp, rm } from "node:fs/promises";
import path from "node:path";

/** By their paths in deploy/, and in dist/ alike, so that the script finds them in both. */
export const installParts = [
  ...["install.sh", "install", "systemd", "grimbots.env.example"],
  ...["nginx", "haproxy", "prometheus", "grafana", "loki"],
];

/** `folder`: where the executable is made. */
export async function copyInstall(folder: string): Promise<void> {
  for (const part of installParts) {
    const target = path.join(folder, part);
    await rm(target, { recursive: true, force: true });
    await cp(path.join("deploy", part), target, { recursive: true });
  }
}
