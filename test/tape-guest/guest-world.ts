/** A guest with a tape drive, a low registry with images, a high one, and a configuration that leads the guest's ace-dt to them. */
import { manifestMediaTypes } from "../../src/oci/media-types.ts";
import { plainImage } from "../faults/world.ts";
import { type EmbeddedRegistry, embedded } from "../support/embedded.ts";
import { pushArtifact } from "../support/push.ts";
import { writeConfig } from "../support/run-binary.ts";
import { type GuestResult, startTapeGuest, type TapeGuest } from "../support/tape-vm/guest.ts";
import { hostAddress } from "../support/tape-vm/guest-tools.ts";

export interface GuestWorld extends AsyncDisposable {
  guest: TapeGuest;
  low: EmbeddedRegistry;
  high: EmbeddedRegistry;
  /** Runs a script in the guest. */
  run(script: string, timeoutMs?: number): Promise<GuestResult>;
  /** True when the high registry has a manifest under this tag. */
  highHas(repository: string, tag: string): Promise<boolean>;
}

/** `low.test/app:v1` has layers of about three MiB, `low.test/small:v1` of some KiB; `high.test` is empty. */
export async function openGuestWorld(): Promise<GuestWorld> {
  const [low, high] = await Promise.all([embedded(), embedded()]);
  await pushArtifact(low.origin, "app", plainImage("guest/app", [2_000_000, 1_000_000, 100_000]), "v1");
  await pushArtifact(low.origin, "small", plainImage("guest/small", [3000, 20_000]), "v1");
  const guest = await startTapeGuest();
  const there = (registry: EmbeddedRegistry) => registry.origin.replace("127.0.0.1", hostAddress);
  await writeConfig(guest.file("config.yaml"), {
    ...{ "low.test": there(low), "high.test": there(high) },
    // As the pages call them.
    ...{ "reg.example.com": there(low), "reg.high.example.com": there(high) },
  });
  return {
    guest,
    low,
    high,
    run: (script, timeoutMs) => guest.run(`export ACE_DT_CONFIG=$PWD/config.yaml\n${script}`, timeoutMs),
    highHas: async (repository, tag) => {
      const headers = { accept: manifestMediaTypes.join(", ") };
      return (await high.send("GET", `/v2/${repository}/manifests/${tag}`, { headers })).status === 200;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of [guest, low, high]) await each[Symbol.asyncDispose]();
    },
  };
}
