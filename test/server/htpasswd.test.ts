import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { readHtpasswd } from "../../src/server/htpasswd.ts";
import { tempDir } from "../support/temp-dir.ts";

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

// Written by Apache's htpasswd 2.4, -B, -m and -s; the password of each is "secret".
const hashes: [string, string][] = [
  ["bcrypt $2y$", "$2y$05$eO.CnxDDqS9ngnfruXz8/O9RorLjtIPCEItQZL4VHrS9yNzcn94ly"],
  ["bcrypt $2a$", "$2a$05$eO.CnxDDqS9ngnfruXz8/O9RorLjtIPCEItQZL4VHrS9yNzcn94ly"],
  ["bcrypt $2b$", "$2b$05$eO.CnxDDqS9ngnfruXz8/O9RorLjtIPCEItQZL4VHrS9yNzcn94ly"],
  ["apr1", "$apr1$eW/UYv/r$gaA7P6SwczWFpqO/hRv7/0"],
  ["SHA-1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="],
];
for (const [what, hash] of hashes) {
  test(`readHtpasswd() takes the right password and no other against ${what}`, async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file("htpasswd"), `# people\n\nada:${hash}\r\n`);
    const authorize = readHtpasswd(dir.file("htpasswd"));
    // Twice: the second answer may come from memory.
    for (let round = 0; round < 2; round += 1) {
      expect(await authorize(basic("ada", "secret"))).toBe(true);
      expect(await authorize(basic("ada", "Secret"))).toBe(false);
      expect(await authorize(basic("bob", "secret"))).toBe(false);
    }
    for (const header of [null, "", "Basic", "Basic !", "Bearer abc", `Basic ${btoa("ada")}`]) {
      expect(await authorize(header)).toBe(false);
    }
  });
}

test("readHtpasswd() pays bcrypt once for many requests of one client at the same time", async () => {
  await using dir = await tempDir();
  const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 10 });
  writeFileSync(dir.file("htpasswd"), `ada:${hash}\n`);
  const authorize = readHtpasswd(dir.file("htpasswd"));
  const cost = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    return process.cpuUsage(before).user;
  };
  const single = await cost(async () => expect(await authorize(basic("ada", "wrong"))).toBe(false));
  const many = await cost(async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => authorize(basic("ada", "secret"))));
    expect(answers.every(Boolean)).toBe(true);
  });
  // 100 bcrypts would cost 100 times as much.
  expect(many).toBeLessThan(single * 20);
});

test("readHtpasswd() cuts a password at 72 bytes for bcrypt, as htpasswd does", async () => {
  await using dir = await tempDir();
  const hash = await Bun.password.hash("x".repeat(72), { algorithm: "bcrypt", cost: 4 });
  writeFileSync(dir.file("htpasswd"), `ada:${hash}\n`);
  expect(await readHtpasswd(dir.file("htpasswd"))(basic("ada", "x".repeat(80)))).toBe(true);
});

const bad: [string, string, string][] = [
  ["a clear-text password", "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:secret\n", "line 2"],
  ["a line without a name", ":{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", "line 1"],
  ["a broken bcrypt hash", "ada:$2y$05$short\n", "line 1"],
  ["an empty file", "# nobody\n", "names nobody"],
];
for (const [what, text, message] of bad) {
  test(`readHtpasswd() refuses ${what}, and shows no secret`, async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file("htpasswd"), text);
    const attempt = () => readHtpasswd(dir.file("htpasswd"));
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow("secret");
  });
}

test("readHtpasswd() refuses a file that is not there", () => {
  expect(() => readHtpasswd("/nowhere/htpasswd")).toThrow(
    'Cannot read the htpasswd file "/nowhere/htpasswd"',
  );
});
