/** The gate counts what the test runner reports. */
import { expect, test } from "bun:test";
import { parseReport } from "../../../scripts/gate/junit.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="5" assertions="1" failures="2" skipped="1" time="0.3">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" failures="1" skipped="1" time="0.3" hostname="vm">
    <testcase name="a1" classname="" time="0.000027" file="a.test.ts" line="2" assertions="0" />
    <testcase name="a2 [skipped: no x]" classname="" time="0" file="a.test.ts" line="2" assertions="0">
      <skipped />
    </testcase>
    <testcase name="a3 &lt;&amp;&quot;&gt;" classname="group" time="0.3" file="a.test.ts" line="2" assertions="1">
      <failure type="AssertionError" message="expect(1 &lt; 2)">a > b &lt;skipped /&gt;</failure>
    </testcase>
    <testcase name="a > b" classname="" time="0" file="a.test.ts" line="2" assertions="0" />
  </testsuite>
  <testsuite name="b.test.ts" file="b.test.ts" tests="1" failures="1" skipped="0" time="0" hostname="vm">
    <testcase name="(worker crashed)" classname="" time="0" file="b.test.ts" assertions="0">
      <failure type="Error" message="worker process crashed before reporting results" />
    </testcase>
  </testsuite>
</testsuites>`;

test("parseReport() counts passed, failed and skipped tests and names them", () => {
  expect(parseReport(report)).toEqual({
    passed: 2,
    failed: ['a.test.ts: group > a3 <&">', "b.test.ts: (worker crashed)"],
    skipped: ["a.test.ts: a2 [skipped: no x]"],
    files: new Set(["a.test.ts", "b.test.ts"]),
  });
});

test("parseReport() of nothing has nothing", () => {
  expect(parseReport("").passed).toBe(0);
  expect(parseReport("").files.size).toBe(0);
});
