import { createInterface } from "node:readline";
import { messageOf } from "../../src/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";

/** A process that opens each store whose path it reads on standard input, and says `opened` or why not. */
for await (const path of createInterface(process.stdin)) {
  try {
    await openSqliteStore({ path, now: Date.now }).close();
    console.log("opened");
  } catch (error) {
    console.log(messageOf(error));
  }
}
