import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** Encrypts reasoning for the caller to keep and to bring back; the server's seed is the key. */
export function sealWith(seed: string) {
  const key = createHash("sha256").update(`reasoning ${seed}`).digest();
  return {
    seal(text: string): string {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    /** Null: it was not sealed here. */
    open(sealed: string): string | null {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < 28) return null;
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
      } catch {
        return null; // the tag does not fit: altered, or another server's
      }
    },
  };
}
