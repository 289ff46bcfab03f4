import { expect, test } from "bun:test";
import { formatListenAddress, parseListenAddress } from "../../src/server/listen-address.ts";

const good: [string, { host: string; port: number }, string][] = [
  ["127.0.0.1:5000", { host: "127.0.0.1", port: 5000 }, "127.0.0.1:5000"],
  ["localhost:0", { host: "localhost", port: 0 }, "localhost:0"],
  ["[::1]:65535", { host: "::1", port: 65535 }, "[::1]:65535"],
  [":5000", { host: "0.0.0.0", port: 5000 }, "0.0.0.0:5000"],
];
for (const [text, address, formatted] of good) {
  test(`parseListenAddress() reads ${text}`, () => {
    expect(parseListenAddress(text)).toEqual(address);
    expect(formatListenAddress(address)).toBe(formatted);
  });
}
for (const text of ["", "5000", "localhost", "localhost:", "a:65536", "::1:5000", "http://a:1", "a b:1"]) {
  test(`parseListenAddress() refuses ${JSON.stringify(text)}`, () => {
    expect(() => parseListenAddress(text)).toThrow("want HOST:PORT");
  });
}
