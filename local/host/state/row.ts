import type { SQLOutputValue } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw wrong(column, value);
  return value;
}

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column];
  if (value !== null && typeof value !== "string") throw wrong(column, value);
  return value;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw wrong(column, value);
  return value;
}

function wrong(column: string, value: unknown): TypeError {
  return new TypeError(`The state file has a ${value === null ? "null" : typeof value} in the column ${column}.`);
}
