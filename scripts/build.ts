/** `npm run build`: writes dist/ace-dt for this host, or for another one with --target. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary } from "./build-binary.ts";

const targets = [
  "bun-linux-x64",
  "bun-linux-x64-baseline",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
] as const;

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    outfile: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) {
  console.log(`usage: npm run build -- [--target TARGET] [--outfile FILE]\ntargets: ${targets.join(", ")}`);
  process.exit(0);
}
const target = targets.find((known) => known === values.target);
if (values.target !== undefined && target === undefined) {
  console.error(`Cannot build for ${JSON.stringify(values.target)}: want one of ${targets.join(", ")}`);
  process.exit(2);
}
const result = await buildBinary({
  ...(target === undefined ? {} : { target }),
  ...(values.outfile === undefined ? {} : { outfile: resolve(values.outfile) }),
});
const megabytes = (result.bytes / 1e6).toFixed(1);
console.log(
  `${result.outfile}: ace-dt ${result.version} (${result.commit}), ${megabytes} MB, ${Math.round(result.ms)} ms`,
);
