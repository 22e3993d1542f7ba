// The random password of the embedded services, kept beside their data so that it outlives a restart.
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";

/** Reads the password from `file`, or makes one (24 random bytes, base64url, mode 600). */
export async function keptPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const password = randomBytes(24).toString("base64url");
  // Renamed into place: a crash leaves either no file or a whole one.
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
