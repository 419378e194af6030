/** SQLite's primary result codes for what a disk can do to a write. */
const causes = new Set([8, 10, 13, 14]); // readonly, I/O error, full, cannot open

/** What a failed write of the state file means for the user; any other error as it is. */
export function storageError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  if (!causes.has(error.errcode & 0xff)) return error;
  return new Error(
    `The state file ${path} cannot be written (${error.message}). Free space on its disk and see to its rights; ` +
      "what was acknowledged is kept, and nothing is half written.",
    { cause: error },
  );
}
