import { expect, test } from "bun:test";
import { formatConfig } from "../../src/config/format-config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { parseConfig } from "../../src/config/read-file.ts";
import { sampleConfig } from "../../src/config/sample.ts";
import { endpointsOf, registriesOf } from "../../src/config/schema.ts";

test("formatConfig() writes a file that says the same, rules in their order", async () => {
  const content = parseConfig(sampleConfig.replaceAll(/^# /gm, ""), "sample.yaml");
  const config = {
    ...(await loadConfig({
      configFlags: [],
      environment: { ACE_DT_CACHE_PATH: "/c", ACE_DT_CONCURRENT_HTTP: "3" },
    })),
    registries: registriesOf(content),
    endpoints: endpointsOf(content),
  };
  const again = parseConfig(formatConfig(config), "printed.yaml");
  expect(registriesOf(again)).toEqual(config.registries);
  expect(endpointsOf(again)).toEqual(config.endpoints);
  expect(again).toMatchObject({
    cachePath: "/c",
    cachePruneMax: 524288000,
    chunkSize: 104857600,
    concurrentHTTP: 3,
  });
});
