/** What some tests need of the machine, and tests that say why they were skipped. */

import { test } from "bun:test";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build-binary.ts";
import { whyNotInstallable } from "../../scripts/gate/programs.ts";

/** Something of the machine. */
export interface Need {
  /** Why it is not there; undefined when it is. */
  absent: string | undefined;
  /** The gate can put it on this very machine, so that its absence on a build server (CI=true) is a failure. */
  installable: boolean;
}

/** The path of a program on PATH or in one of our caches, or undefined. */
export function findProgram(name: string): string | undefined {
  const places = [join(repositoryRoot, ".cache", "go", "bin", name), join(homedir(), "go", "bin", name)];
  return Bun.which(name) ?? places.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // whatever the reason, it cannot be run
  }
}

/** A program, by name. */
export function program(name: string): Need {
  if (findProgram(name) !== undefined) return { absent: undefined, installable: true };
  const obstacle = whyNotInstallable(name);
  return {
    absent: `no ${name} on this machine${obstacle === undefined ? "" : `: ${obstacle}`}`,
    installable: obstacle === undefined,
  };
}

export const root: Need = { absent: process.getuid?.() === 0 ? undefined : "not root", installable: false };
export const linux: Need = {
  absent: process.platform === "linux" ? undefined : `this is ${process.platform}`,
  installable: false,
};

/**
 * A test that runs where everything it needs is there. Elsewhere it is skipped with the reason in its name, so that every report shows
 * it; and it fails on a build server for what the gate could have installed.
 */
export function testNeeding(
  needs: readonly Need[],
  name: string,
  body: () => void | Promise<void>,
  timeoutMs = 60_000,
): void {
  const missing = needs.filter((need) => need.absent !== undefined);
  if (missing.length === 0) {
    test(name, body, timeoutMs);
    return;
  }
  const reason = missing.map((need) => need.absent).join(", ");
  if (process.env.CI === "true" && missing.some((need) => need.installable)) {
    test(name, () => {
      throw new Error(`Cannot run on this build server: ${reason}`);
    });
    return;
  }
  test.skip(`${name} [skipped: ${reason}]`, body);
}
