/** What a drive says of itself, for people and for programs. */

import { densityOf } from "../../../tape/drive/densities.ts";
import type { DriveReport, HeadPosition } from "../../../tape/drive/report-drive.ts";
import { alertName } from "../../../tape/drive/tape-alerts.ts";
import { formatBytes } from "../../../ui/format.ts";
import { formatJsonValue } from "../../../ui/records.ts";
import type { TapeForm } from "./tape-command.ts";

/** Everything, as a list or as one JSON object without what is not known. */
export function formatReport(device: string, report: DriveReport, form: TapeForm): string {
  return form === "json"
    ? formatJsonValue({ device, ...headFields(report), ...reportFields(report) })
    : formatLines([["device", device], ...headLines(report), ...reportLines(report)]);
}

/** Where the tape stands, in the same forms. */
export function formatHead(device: string, head: HeadPosition, form: TapeForm): string {
  return form === "json"
    ? formatJsonValue({ device, ...headFields(head) })
    : formatLines([["device", device], ...headLines(head)]);
}

/** JSON leaves out what is undefined. */
function headFields({
  state,
  file,
  block,
  driveBlock,
  beginning,
  endOfTape,
  endOfData,
}: HeadPosition): object {
  if (state !== "online") return { state };
  return { state, file, block, driveBlock, beginning, endOfTape, endOfData };
}

function reportFields(report: DriveReport): object {
  const { fixedBlockBytes, densityCode, alerts } = report;
  return {
    writeProtected: report.writeProtected,
    blockMode: fixedBlockBytes === undefined ? undefined : fixedBlockBytes === 0 ? "variable" : "fixed",
    fixedBlockBytes: fixedBlockBytes === 0 ? undefined : fixedBlockBytes,
    density: densityCode === undefined ? undefined : { code: densityCode, ...densityOf(densityCode) },
    capacity: report.capacity,
    compression: report.compression,
    minBlockBytes: report.minBlockBytes,
    maxBlockBytes: report.maxBlockBytes,
    cleaningAsked: report.cleaningAsked,
    alerts: alerts?.map((number) => ({ number, name: alertName(number) })),
  };
}

type Line = readonly [name: string, text: string | undefined];

function headLines(head: HeadPosition): Line[] {
  const { state, file, block, driveBlock } = head;
  const byDriver =
    file === undefined ? undefined : `file ${file}${block === undefined ? "" : `, block ${block}`}`;
  const byDrive = driveBlock === undefined ? undefined : `block ${driveBlock} of the tape`;
  const ends = [
    head.beginning ? "beginning of the tape" : undefined,
    head.endOfData ? "end of the data" : undefined,
    head.endOfTape ? "end of the tape" : undefined,
  ];
  const known = [byDriver, byDrive, ...ends].filter((text) => text !== undefined);
  return [
    ["state", stateTexts[state]],
    ["position", state === "online" ? known.join("; ") || "unknown" : undefined],
  ];
}

const stateTexts: Readonly<Record<HeadPosition["state"], string>> = {
  online: "online",
  empty: "empty: there is no tape in the drive",
  loading: "loading: the tape is not ready yet",
  unknown: "unknown: the driver does not answer",
};

function reportLines(report: DriveReport): Line[] {
  const {
    writeProtected,
    fixedBlockBytes,
    densityCode,
    capacity,
    compression,
    minBlockBytes,
    maxBlockBytes,
  } = report;
  return [
    ["write protection", switchText(writeProtected)],
    [
      "blocks",
      fixedBlockBytes === undefined
        ? undefined
        : fixedBlockBytes === 0
          ? "variable"
          : `fixed, of ${fixedBlockBytes} bytes`,
    ],
    ["density", densityCode === undefined ? undefined : densityText(densityCode)],
    [
      "capacity",
      capacity === undefined
        ? undefined
        : `${formatBytes(capacity.remainingBytes)} left of ${formatBytes(capacity.maximumBytes)}, without compression`,
    ],
    ["compression", switchText(compression)],
    [
      "block limits",
      maxBlockBytes === undefined ? undefined : `${minBlockBytes ?? 1} to ${maxBlockBytes} bytes`,
    ],
    ["cleaning", cleaningText(report.cleaningAsked)],
    ...alertLines(report.alerts),
  ];
}

function switchText(isOn: boolean | undefined): string | undefined {
  return isOn === undefined ? undefined : isOn ? "on" : "off";
}

function cleaningText(isAsked: boolean | undefined): string | undefined {
  if (isAsked === undefined) return undefined;
  return isAsked ? "asked for: put in a cleaning cartridge soon" : "not asked for";
}

function densityText(code: number): string {
  const known = densityOf(code);
  const hex = `0x${code.toString(16).padStart(2, "0")}`;
  return known === undefined
    ? hex
    : `${hex}, ${known.name}, ${formatBytes(known.nativeBytes)} without compression`;
}

function alertLines(alerts: readonly number[] | undefined): Line[] {
  if (alerts === undefined) return [];
  if (alerts.length === 0) return [["TapeAlert", "none"]];
  return alerts.map((flag) => ["TapeAlert", `${flag}, ${alertName(flag)}`]);
}

function formatLines(lines: readonly Line[]): string {
  const known = lines.filter(([, text]) => text !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}
