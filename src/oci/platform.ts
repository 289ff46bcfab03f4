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

/** True when every part that `wanted` names is the same in `actual`, in normal form; a variant not asked for matches any. */
export function matchesPlatform(wanted: Platform, actual: Platform | undefined): boolean {
  if (actual === undefined) return false;
  const want = normalPlatform(wanted);
  const have = normalPlatform(actual);
  return (
    want.os === have.os &&
    want.architecture === have.architecture &&
    (want.variant === undefined || want.variant === (have.variant ?? defaultVariants[have.architecture]))
  );
}

/** True for a platform that names a system; BuildKit gives what runs nowhere the platform unknown/unknown. */
export function isKnownPlatform(platform: Platform | undefined): platform is Platform {
  const words = platform === undefined ? [] : [platform.os, platform.architecture];
  return words.length > 0 && words.every((word) => word !== "" && word !== "unknown");
}

/** containerd platforms/database.go: what an architecture means when no variant is given. */
const defaultVariants: Readonly<Record<string, string>> = { amd64: "v1", arm64: "v8", arm: "v7" };

/** containerd platforms/database.go: other names of architectures, two of them with a variant. */
const architectureNames: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  i386: { architecture: "386" },
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/** The normal form of containerd, but that a variant which was not given stays open. */
function normalPlatform(platform: Platform): Pick<Platform, "os" | "architecture" | "variant"> {
  const os = platform.os.toLowerCase();
  const name = platform.architecture.toLowerCase();
  const known = architectureNames[name] ?? { architecture: name };
  const variant = known.variant ?? platform.variant?.toLowerCase();
  return {
    os: os === "macos" ? "darwin" : os,
    architecture: known.architecture,
    // "8" and "v8" are one, and so are "9.0" and "v9".
    ...(variant ? { variant: variant.replace(/^(?=\d)/, "v").replace(/\.0$/, "") } : {}),
  };
}
