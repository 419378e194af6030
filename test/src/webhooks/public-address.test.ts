import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "../../../src/webhooks/public-address.ts";
import { webhookUrlFault } from "../../../src/webhooks/webhook-url.ts";

const inward: Record<string, readonly string[]> = {
  loopback: ["127.0.0.1", "127.255.255.254", "::1"],
  private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"],
  "link-local, metadata services among them": ["169.254.169.254", "169.254.170.2", "fe80::1", "fec0::1"],
  "unique-local": ["fc00::1", "fd00:ec2::254"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
  unspecified: ["0.0.0.0", "0.1.2.3", "::"],
  "broadcast and reserved": ["255.255.255.255", "240.0.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "2001:db8::1"],
  "an IPv4 address as IPv6": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::808:808"],
  "translated or tunnelled to IPv4": ["64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:0:1::1"],
  "Azure's services for the machine that asks": ["168.63.129.16"],
  "no address": ["localhost", "", "1.2.3.4.5", "127.0.0.1%eth0"],
};

for (const [what, addresses] of Object.entries(inward)) {
  test(`no webhook goes to an address that is not public: ${what}`, () => {
    assert.deepEqual(addresses.filter(isPublicAddress), []);
  });
}

test("a public address is one", () => {
  const outward = ["1.1.1.1", "8.8.8.8", "20.50.2.1", "172.32.0.1", "168.63.129.17", "2606:4700::1111", "2a01:111::1"];
  assert.deepEqual(outward.filter(isPublicAddress), outward);
});

const guarded = { privateAllowed: false };

test("an address in another spelling is the address that it means", () => {
  const spellings = [
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
  ];
  const faults = spellings.map((url) => webhookUrlFault(url, guarded));
  assert.ok(
    faults.every((fault) => fault?.includes("is not a public address")),
    faults.join("\n"),
  );
});

test("names of this machine are refused at once, others when they are resolved", () => {
  for (const url of ["https://localhost/", "https://LOCALHOST./", "https://x.localhost:8443/hook"]) {
    assert.match(webhookUrlFault(url, guarded) ?? "", /not a public address/, url);
  }
  assert.equal(webhookUrlFault("https://hooks.example/run?token=1", guarded), null);
});

test("a webhook is an absolute https: address without a password", () => {
  for (const url of [
    "",
    "/hook",
    "hooks.example",
    "ftp://hooks.example/",
    "http://hooks.example/",
    "file:///etc/passwd",
  ]) {
    assert.match(webhookUrlFault(url, guarded) ?? "", /https:/, url);
  }
  assert.match(webhookUrlFault("https://user:secret@hooks.example/", guarded) ?? "", /name or password/);
  assert.match(webhookUrlFault(`https://hooks.example/${"x".repeat(2048)}`, guarded) ?? "", /at most 2048/);
});

test("the setting allows plain http: and addresses of this network, and no password even so", () => {
  const open = { privateAllowed: true };
  for (const url of ["http://127.0.0.1:8080/hook", "http://localhost/", "https://10.0.0.1/"]) {
    assert.equal(webhookUrlFault(url, open), null, url);
  }
  assert.notEqual(webhookUrlFault("http://a:b@localhost/", open), null);
  assert.notEqual(webhookUrlFault("ftp://localhost/", open), null);
});
