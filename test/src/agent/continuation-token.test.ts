import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeToken, encodeToken } from "../../../src/agent/continuation-token.ts";
import { NightshiftError } from "../../../src/errors.ts";
import { checkProperty } from "../../support/check-property.ts";

const anyId = fc.string({ minLength: 1, unit: "binary" });
const anyProvider = fc.string({ unit: "binary" });

test("a token gives back the response id that it was made of", (context) =>
  checkProperty(
    context,
    fc.property(anyProvider, anyId, (provider, responseId) => {
      const token = encodeToken(provider, responseId);
      assert.equal(decodeToken(provider, token), responseId);
      assert.match(token, /^[A-Za-z0-9_-]+$/);
    }),
    500,
  ));

test("a token of another provider is refused, whatever the providers are", (context) =>
  checkProperty(
    context,
    fc.property(anyProvider, anyProvider, anyId, (made, read, responseId) => {
      fc.pre(made !== read);
      assert.throws(() => decodeToken(read, encodeToken(made, responseId)), { code: "token_invalid" });
    }),
  ));

test("any other text is refused as token_invalid and nothing else", (context) =>
  checkProperty(
    context,
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json().map(encoded)), (text) => {
      assert.throws(() => decodeToken("responses", text), { code: "token_invalid" });
    }),
    500,
  ));

/** Texts in place of a token, and what their refusal names. */
const refusals: [what: string, token: string, named: RegExp][] = [
  ["nothing", "", /not base64url JSON/],
  ["garbage", "garbage", /not base64url JSON/],
  ["a token that was cut", encodeToken("responses", "resp_1").slice(0, -8), /not base64url JSON/],
  ["JSON null", encoded("null"), /version is missing/],
  ["a list", encoded("[1]"), /version is missing/],
  [
    "a later version",
    encoded('{"v":2,"provider":"responses","responseId":"resp_1"}'),
    /version is 2, made by provider "responses", .*reads version 1 of "responses"/,
  ],
  ["a version in words", encoded('{"v":"1","provider":"responses","responseId":"resp_1"}'), /version is "1"/],
  [
    "this version without a response",
    encoded('{"v":1,"provider":"responses"}'),
    /version 1, made by provider "responses", but damaged/,
  ],
  [
    "this version with an empty response",
    encodeToken("responses", ""),
    /version 1, made by provider "responses", but damaged/,
  ],
  ["this version with more", encoded('{"v":1,"provider":"responses","responseId":"r","x":1}'), /damaged/],
  [
    "another provider's token",
    encodeToken("chat", "resp_1"),
    /provider "chat" made it, in version 1.*speaks "responses"/,
  ],
  [
    "another provider's later version",
    encoded('{"v":7,"provider":"chat"}'),
    /is 7, made by provider "chat".*1 of "responses"/,
  ],
];

for (const [what, token, named] of refusals) {
  test(`in place of a token, ${what} is refused, and the refusal says why and what to do`, () => {
    assert.throws(
      () => decodeToken("responses", token),
      (error) => {
        assert.ok(error instanceof NightshiftError && error.code === "token_invalid");
        assert.match(error.message, named);
        assert.match(error.message, /Start a new turn\.$/);
        return true;
      },
    );
  });
}

test("a token made by version 1 is readable for ever", () => {
  const stored = "eyJ2IjoxLCJwcm92aWRlciI6InJlc3BvbnNlcyIsInJlc3BvbnNlSWQiOiJyZXNwXzEifQ";
  assert.equal(decodeToken("responses", stored), "resp_1");
  assert.equal(encodeToken("responses", "resp_1"), stored);
});

function encoded(json: string): string {
  return Buffer.from(json).toString("base64url");
}
