import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { partsOf } from "../../../src/store/cosmos-payload-parts.ts";
import { checkProperty } from "../../support/check-property.ts";

const megabyte = 1_000_000;

test("a text of any characters is cut into parts of at most 1 MB as JSON, which joined are the text", async (context) => {
  const piece = fc.constantFrom("a", "é", "日", "🚀", '"', "\u0000", "\u2028", "a long piece of plain text. ");
  const texts = fc.array(fc.tuple(piece, fc.nat({ max: 200_000 })), { maxLength: 4 });
  const property = fc.property(texts, (repeats) => {
    const text = repeats.map(([piece, times]) => piece.repeat(times)).join("");
    const parts = partsOf(text);
    assert.equal(parts.join(""), text);
    for (const part of parts) {
      assert.ok(part.isWellFormed(), "no character is cut in two");
      assert.ok(Buffer.byteLength(JSON.stringify(part)) <= megabyte);
    }
    const wholes = Buffer.byteLength(JSON.stringify(text)) / megabyte;
    assert.ok(parts.length <= 1 + 6 * wholes, `${parts.length} parts for ${wholes} MB`);
  });
  await checkProperty(context, property, 30);
});

test("a text of up to 1 MB is one part, an empty one too", () => {
  assert.deepEqual(partsOf(""), [""]);
  const largest = "x".repeat(megabyte - 2);
  assert.deepEqual(partsOf(largest), [largest]);
  assert.deepEqual(partsOf(`${largest}x`).length, 2);
});
