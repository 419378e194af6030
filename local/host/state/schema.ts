/** Raised with every change of the tables; a file with another number is refused. */
export const schemaVersion = 1;

/** Marks a SQLite file as one of this host's ("NsHo"). */
export const applicationId = 0x4e73486f;

export const tables = `
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE instance (
  id TEXT PRIMARY KEY,
  execution_id TEXT NOT NULL,
  name TEXT NOT NULL,
  status INTEGER NOT NULL,
  input TEXT,
  output TEXT,
  custom_status TEXT,
  parent TEXT,
  generation INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- One row per turn: the events that it added, as JSON texts joined by commas.
CREATE TABLE history (
  instance_id TEXT NOT NULL,
  turn INTEGER NOT NULL,
  events TEXT NOT NULL,
  PRIMARY KEY (instance_id, turn)
) WITHOUT ROWID;

-- Events that no turn has taken yet. Without an execution id they are for whichever execution there is.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id TEXT NOT NULL,
  execution_id TEXT,
  event TEXT NOT NULL
);
CREATE INDEX inbox_by_instance ON inbox (instance_id, id);

CREATE TABLE task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  instance_id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  input TEXT NOT NULL
);
CREATE INDEX task_by_instance ON task (instance_id);

CREATE TABLE timer (
  instance_id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  fire_at INTEGER NOT NULL,
  fire_at_text TEXT NOT NULL,
  PRIMARY KEY (instance_id, execution_id, task_id)
) WITHOUT ROWID;
CREATE INDEX timer_by_time ON timer (fire_at);

CREATE TABLE schedule (
  function_name TEXT PRIMARY KEY,
  expression TEXT NOT NULL,
  last INTEGER NOT NULL,
  next INTEGER NOT NULL,
  last_updated INTEGER NOT NULL
) WITHOUT ROWID;
`;
