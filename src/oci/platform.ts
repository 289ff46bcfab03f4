/** Platforms as `os/arch[/variant]`: grammar, normal form and matching. */
import { AceError } from "../errors.ts";

/** image-spec image-index.md, "platform". Keys in Go's order of fields. */
export interface Platform {
  architecture: string;
  os: string;
  "os.version"?: string | undefined;
  "os.features"?: string[] | undefined;
  variant?: string | undefined;
}

/**
 * Reads `linux/arm64/v8`.
 * @throws AceError `usage`
 */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, rest] = text.split("/");
  const word = /^[A-Za-z0-9_.-]+$/;
  const good = [os, architecture, ...(variant === undefined ? [] : [variant])].every((part) =>
    word.test(part ?? ""),
  );
  if (!good || os === undefined || architecture === undefined || rest !== undefined) {
    throw new AceError(
      "usage",
      `Cannot use ${JSON.stringify(text)} as a platform: want os/arch or os/arch/variant, as in linux/amd64`,
    );
  }
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

/** `os/arch[/variant]`. */
export function formatPlatform(platform: Platform): string {
  const short = `${platform.os}/${platform.architecture}`;
  return platform.variant ? `${short}/${platform.variant}` : short;
}

/** True when every part that `wanted` names is the same in `actual`; a variant not asked for matches any. */
export function matchesPlatform(wanted: Platform, actual: Platform | undefined): boolean {
  return (
    actual !== undefined &&
    wanted.os === actual.os &&
    wanted.architecture === actual.architecture &&
    (wanted.variant === undefined ||
      wanted.variant === (actual.variant ?? defaultVariant(actual.architecture)))
  );
}

/** containerd platforms/database.go: arm64 without a variant is v8, arm without one is v7. */
function defaultVariant(architecture: string): string | undefined {
  return architecture === "arm64" ? "v8" : architecture === "arm" ? "v7" : undefined;
}
