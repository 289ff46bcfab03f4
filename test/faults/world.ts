/** Two registries with a breakable way to each, and a configuration that leads the binary through those ways. */
import { manifestMediaTypes } from "../../src/oci/media-types.ts";
import { type EmbeddedRegistry, embedded } from "../support/embedded.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { type Artifact, type Content, contentOf, jsonContent } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";
import {
  prepareBinary,
  type RunOptions,
  type RunResult,
  runBinary,
  writeConfig,
} from "../support/run-binary.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** `low.test` is reached through `lowProxy`, `high.test` through `highProxy`; `sound.test` is the low registry, and nothing breaks. */
export interface World extends AsyncDisposable {
  dir: TempDir;
  low: EmbeddedRegistry;
  high: EmbeddedRegistry;
  lowProxy: FaultProxy;
  highProxy: FaultProxy;
  /** For `--config`. */
  config: string;
  /** Runs `ace-dt ARGS` with that configuration. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** True when the high registry has a manifest under this tag or digest. */
  highHas(repository: string, target: string): Promise<boolean>;
  /** True when a registry has a blob in this repository. */
  hasBlob(registry: EmbeddedRegistry, repository: string, digest: string): Promise<boolean>;
}

/** Starts a world; everything in it is gone when it is disposed. */
export async function openWorld(): Promise<World> {
  await prepareBinary();
  const dir = await tempDir("ace-dt-faults-");
  const [low, high] = await Promise.all([embedded(), embedded()]);
  const [lowProxy, highProxy] = await Promise.all([
    startFaultProxy({ upstream: low.origin }),
    startFaultProxy({ upstream: high.origin }),
  ]);
  const config = await writeConfig(dir.file("config.yaml"), {
    "low.test": lowProxy.url,
    "sound.test": low.origin,
    "high.test": highProxy.url,
    "nobody.test": "http://127.0.0.1:1",
  });
  return {
    dir,
    low,
    high,
    lowProxy,
    highProxy,
    config,
    run: (args, options) => runBinary([...args, "--config", config], options),
    highHas: async (repository, target) => {
      const headers = { accept: manifestMediaTypes.join(", ") };
      return (await high.send("GET", `/v2/${repository}/manifests/${target}`, { headers })).status === 200;
    },
    hasBlob: async (registry, repository, digest) =>
      (await registry.send("HEAD", `/v2/${repository}/blobs/${digest}`)).status === 200,
    [Symbol.asyncDispose]: async () => {
      for (const each of [lowProxy, highProxy, low, high, dir]) await each[Symbol.asyncDispose]();
    },
  };
}

/** An image whose layers are incompressible bytes of these lengths; cheap to make, also where it is large. */
export function plainImage(seed: string, layerSizes: readonly number[]): Artifact {
  const layers = layerSizes.map((size, at) =>
    contentOf("application/vnd.oci.image.layer.v1.tar", seededBytes(`${seed}/${at}`, size)),
  );
  const config = jsonContent("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    config: { Env: [`SEED=${seed}`] },
    rootfs: { type: "layers", diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = jsonContent(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  return { root: manifest.descriptor, manifests: [manifest], blobs: [config, ...layers] };
}

/** Pushes {@link plainImage} to the low registry as `NAME:v1` and says which layers it has. */
export async function pushPlain(
  world: World,
  name: string,
  layerSizes: readonly number[],
): Promise<{ image: Artifact; layers: readonly Content[]; layer: Content }> {
  const image = plainImage(`${name}/${crypto.randomUUID()}`, layerSizes);
  await pushArtifact(world.low.origin, name, image, "v1");
  const layers = image.blobs.slice(1);
  return { image, layers, layer: layers[0]! };
}
