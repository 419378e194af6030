import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../local/model/faults/fault.ts";
import { approvalCases } from "./approval-cases.ts";
import { hostCases } from "./host-cases.ts";
import { providerCases } from "./provider-cases.ts";

test("the matrix has a case for every fault that the model server offers", () => {
  const offered = Fault.options.map(({ shape }) => shape.kind.value);
  const ordered = [...providerCases, ...hostCases].flatMap(({ provider = [] }) =>
    provider.map(({ fault }) => fault.kind),
  );
  assert.deepEqual(new Set(ordered), new Set(offered));
});

test("no two cases of the matrix have one name", () => {
  const names = [...providerCases, ...hostCases, ...approvalCases].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
