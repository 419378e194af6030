import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import packageJson from "../package.json" with { type: "json" };
import { type DurableBackend, hostJsonFor } from "./host-json.ts";

/**
 * Writes the package that the Functions host loads into `folder`, which is emptied first: one bundle, host.json, and a
 * package.json that names the entry and has no dependencies.
 */
export async function buildPackage(folder: string, backend: DurableBackend): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: ["functions/app.ts"],
    outfile: path.join(folder, "app.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"], // of a package that has both, the form of which unused parts can be left out
    target: "node22",
    minify: true,
    sourcemap: true,
    sourcesContent: false, // a trace needs file and line; the text stands in the repository, at the commit that was built
    legalComments: "external",
    external: ["@azure/functions-core"], // the worker answers this name itself
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [leaveOut, requireBuiltins, mapOwnSourcesOnly],
    logLevel: "warning",
  });
  // A source map is registered when its module is loaded, so support for them is switched on one module earlier.
  writeFileSync(path.join(folder, "main.mjs"), 'process.setSourceMapsEnabled(true);\nawait import("./app.mjs");\n');
  writeJson(path.join(folder, "host.json"), hostJsonFor(backend));
  const { name, version, license } = packageJson;
  writeJson(path.join(folder, "package.json"), {
    name,
    version,
    license,
    private: true,
    type: "module",
    main: "main.mjs",
  });
  copyFileSync(".funcignore", path.join(folder, ".funcignore"));
  copyFileSync("LICENSE", path.join(folder, "LICENSE"));
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

const leaveOut: Plugin = {
  name: "leave-out",
  setup({ onLoad }) {
    for (const { file, instead } of leftOut) {
      onLoad({ filter: file }, () => ({ contents: `throw new Error(${JSON.stringify(instead)});` }));
    }
    for (const { file, needed, loader = "js" } of unneededParts) {
      onLoad({ filter: file }, () => ({ contents: needed, loader }));
    }
  },
};

/** Parts of libraries that nothing here reaches, and what stays of each file. */
const unneededParts: { file: RegExp; needed: string; loader?: "json" }[] = [
  // Of the fifty languages of zod's messages, the one that ours are in.
  { file: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/, needed: 'export { default as en } from "./en.js";' },
  // Of a hundred kinds of texts that can be checked, the one that durable-functions asks for.
  { file: /[\\/]validator[\\/]index\.js$/, needed: 'exports.isURL = require("./lib/isURL").default;' },
  // Types of files by their endings, for forms with files, which durable-functions never posts.
  { file: /[\\/]mime-db[\\/]db\.json$/, needed: "{}", loader: "json" },
];

/** Adapters that Azure does not use, and what the package says to whoever asks for one. */
const leftOut = [
  {
    file: /[\\/]src[\\/]store[\\/]sqlite\.ts$/,
    instead: "This package was built for Azure, without SQLite: set COSMOS_ENDPOINT.",
  },
];

/**
 * An import of a module of Node reads all that it exports, standard input and the parts that it loads late among them,
 * which takes longer than any library; `require` reads nothing.
 */
const requireBuiltins: Plugin = {
  name: "require-builtins",
  setup({ onResolve, onLoad }) {
    const builtin = new RegExp(`^(node:.*|${builtinModules.join("|")})$`);
    onResolve({ filter: builtin, namespace: "file" }, ({ path: name, kind }) =>
      kind === "import-statement" ? { path: name, namespace: "builtin" } : { path: name, external: true },
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path: name }) => ({
      contents: `module.exports = require(${JSON.stringify(name)});`,
    }));
  },
};

/** Stack traces lead to the line in our sources, and to the file in the libraries': their lines would make the map larger than the code. */
const mapOwnSourcesOnly: Plugin = {
  name: "map-own-sources-only",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path: file }) => {
      const fileOnly = { version: 3, sources: [path.basename(file)], sourcesContent: [""], mappings: "AAAA" };
      const map = Buffer.from(JSON.stringify(fileOnly)).toString("base64");
      const code = await readFile(file, "utf8");
      return { contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${map}`, loader: "js" };
    });
  },
};
