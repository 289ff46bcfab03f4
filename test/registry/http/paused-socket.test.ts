import { expect, test } from "bun:test";
import { join } from "node:path";
import { repositoryRoot } from "../../../scripts/build-binary.ts";

const undici = join(repositoryRoot, "node_modules", "undici");

test("undici is the version that paused-socket.ts was written for", async () => {
  const { version } = await Bun.file(join(undici, "package.json")).json();
  // Another one: read https://github.com/nodejs/undici/issues/5360 and its client-h1.js, then change this and the comment there. From
  // undici 8 on the assertion is gone, and with it the reason for paused-socket.ts.
  expect(version).toBe("7.30.2");
});

test("undici still has what paused-socket.ts works round, and what it hangs on", async () => {
  const client = await Bun.file(join(undici, "lib", "dispatcher", "client-h1.js")).text();
  const finish = /\n {2}finish \(\) \{\n(?:.*\n){1,4}/.exec(client)?.[0] ?? "";
  expect(finish).toContain("assert(!this.paused)");
  // The connection is named in the same turn as the request's start, right behind it.
  const start = client.indexOf("request.onConnect(abort)");
  const named = client.indexOf("channels.sendHeaders.publish({ request, headers: header, socket })");
  expect(start).toBeGreaterThan(-1);
  expect(start).toBeLessThan(named);
});
