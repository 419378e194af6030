import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

const version = 2;

const schema = `
create table responses (
  id text primary key, created_at integer not null, document text not null, cancelled_at integer,
  ignores_cancel integer not null
) strict;
create index responses_by_age on responses (created_at);
create table requests (
  n integer primary key, at integer not null, method text not null, path text not null, status integer not null,
  response_id text, metadata text, fault text
) strict;
create table conversations (
  id text primary key, created_at integer not null, metadata text not null, running text
) strict;
create table conversation_items (
  n integer primary key, conversation text not null, id text not null, document text not null, unique (conversation, id)
) strict;
create index items_by_conversation on conversation_items (conversation, n);
create table webhook_endpoints (id text primary key, created_at integer not null, document text not null) strict;
create table webhook_deliveries (
  n integer primary key, event text not null unique, response text not null, due_at integer, state text not null,
  document text not null
) strict;
create index deliveries_due on webhook_deliveries (state, due_at);
create index deliveries_by_response on webhook_deliveries (response);
create table scripts (id integer primary key, document text not null) strict;
create table faults (id integer primary key, left_over integer not null, document text not null) strict;
pragma user_version = ${version};
`;

/**
 * Opens the server's state: one file, or memory for `:memory:`. What was answered is in it.
 * @throws Error that names the file, when it is of another version or no state at all; nothing is changed then
 */
export function openDatabase(file: string): DatabaseSync {
  if (file !== ":memory:") mkdirSync(path.dirname(file), { recursive: true });
  try {
    const database = new DatabaseSync(file);
    const found = Number(database.prepare("pragma user_version").get()?.user_version);
    if (found !== 0 && found !== version) {
      throw new Error(`it is of version ${found}, and this server reads version ${version}`);
    }
    database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000");
    if (found === 0) database.exec(`begin immediate; ${schema} commit`);
    return database;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The model server's state ${file} cannot be used: ${reason}. Remove it, or give another --state.`);
  }
}
