import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

const version = "0.49.2";
const nugetPackage = `Azure.Bicep.CommandLine.${{ win32: "win", darwin: "osx" }[process.platform as string] ?? "linux"}-${process.arch}`;

/** How one call of the compiler ended; `diagnostics` are its warnings and errors, each on a line of its own. */
export interface BicepResult {
  ok: boolean;
  stdout: string;
  diagnostics: string[];
}
export type Bicep = (args: readonly string[]) => Promise<BicepResult>;

/**
 * The Bicep compiler: the NuGet package of this version from NuGet's own cache, else a `bicep` on the PATH, else the
 * package, which `dotnet` restores once. On a machine with none of them, the reason why there is none.
 */
export function findBicep(): Bicep | { missing: string } {
  const inCache = path.join(
    process.env.NUGET_PACKAGES ?? path.join(homedir(), ".nuget", "packages"),
    nugetPackage.toLowerCase(),
    version,
    "tools",
    process.platform === "win32" ? "bicep.exe" : "bicep",
  );
  if (existsSync(inCache)) return runner(inCache);
  if (answers("bicep", ["--version"])) return runner("bicep");
  if (!answers("dotnet", ["--version"])) return { missing: "there is neither bicep nor dotnet on the PATH" };
  const fault = restore();
  return fault === null ? runner(inCache) : { missing: `dotnet could not restore ${nugetPackage}: ${fault}` };
}

// The compiler is self-contained; without ICU on the machine it needs the invariant culture.
const env = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1", DOTNET_CLI_TELEMETRY_OPTOUT: "1" };

function runner(command: string): Bicep {
  return (args) =>
    new Promise((resolve, reject) => {
      execFile(command, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") return reject(error);
        resolve({ ok: !error, stdout, diagnostics: stderr.split("\n").filter((line) => line.trim()) });
      });
    });
}

function answers(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { env, stdio: "ignore" });
    return true;
  } catch {
    return false; // whatever the cause, this is no compiler that could be used
  }
}

/** Downloads the package; the last lines of what dotnet said when it could not. */
function restore(): string | null {
  const folder = mkdtempSync(path.join(tmpdir(), "nightshift-bicep-"));
  try {
    writeFileSync(
      path.join(folder, "bicep.csproj"),
      `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${nugetPackage}" Version="[${version}]" /></ItemGroup>
</Project>`,
    );
    execFileSync("dotnet", ["restore", folder], { env, encoding: "utf8", stdio: "pipe", timeout: 120_000 });
    return null;
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
    return said.trim().split("\n").slice(-3).join(" ");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
