import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

/** What stands in for Application Insights and for the platform's token endpoint, and the settings that lead there. */
export interface InsightsReceiver {
  /** Every envelope as it came, with the header `authorization` of its request. */
  envelopes: { text: string; authorization: string | undefined }[];
  /** The queries by which tokens were asked for. */
  tokens: URLSearchParams[];
  settings: Readonly<Record<string, string>>;
  close(): void;
}

const instrumentationKey = "5f0c5a0e-0000-4000-8000-000000000000";

/** Null: the exporter speaks TLS only, and there is no `openssl` here to make a certificate. */
export async function startInsightsReceiver(): Promise<InsightsReceiver | null> {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-insights-"));
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  if (!makeCertificate(key, cert)) return null;
  const envelopes: InsightsReceiver["envelopes"] = [];
  const insights = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    const body = await buffer(request);
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
    const lines = text.trim().split("\n");
    envelopes.push(...lines.map((line) => ({ text: line, authorization: request.headers.authorization })));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ itemsReceived: lines.length, itemsAccepted: lines.length, errors: [] }));
  });
  const tokens: URLSearchParams[] = [];
  const identity = createHttpServer((request, response) => {
    tokens.push(new URL(request.url ?? "/", "http://identity").searchParams);
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: "of-the-identity", expires_on, token_type: "Bearer" }));
  });
  const ingestion = `https://127.0.0.1:${await listen(insights)}/`;
  return {
    envelopes,
    tokens,
    settings: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=${ingestion}`,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "ClientId=of-the-app;Authorization=AAD",
      APPLICATION_INSIGHTS_NO_STATSBEAT: "true",
      IDENTITY_ENDPOINT: `http://127.0.0.1:${await listen(identity)}/msi/token`,
      IDENTITY_HEADER: "of-the-platform",
      NODE_EXTRA_CA_CERTS: cert,
    },
    close() {
      insights.close();
      identity.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeCertificate(key: string, cert: string): boolean {
  const to = ["-keyout", key, "-out", cert, "-days", "2"];
  const host = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, ...to, ...host], { stdio: "ignore" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // it listens on a port
}
