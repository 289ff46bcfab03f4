/** The writer's thread when it writes a set of volumes: asks the main thread for media and for the checkpoint's lines. */
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import { volumePath } from "../../tape/catalogue/volume-names.ts";
import type { OpenEvents } from "../../tape/medium/open-medium.ts";
import { openVolume } from "../../tape/volumes/open-volume.ts";
import { verifyFile, verifyTape } from "../../tape/volumes/verify-volume.ts";
import { writeVolumes } from "../../tape/volumes/write-volumes.ts";
import type { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { WriteLoopOptions, WriteLoopResult } from "../../tape/window/write-loop.ts";
import type { MainThread } from "../host/thread-main.ts";
import type { SetOptions, WriterStart, WriterThread } from "./writer.ts";

/** @throws AceError `medium`; what the main thread answers */
export async function writeSet(
  { medium }: WriterStart,
  set: SetOptions,
  window: OutgoingWindow,
  options: WriteLoopOptions,
  events: OpenEvents,
  main: MainThread<WriterThread>,
): Promise<WriteLoopResult> {
  const { isFile, verify } = set;
  // As asked for until the first volume is open, which may take smaller blocks only.
  let { blockBytes } = medium;
  return await writeVolumes(
    window,
    set,
    options,
    {
      open: (start, isFirst) => openVolume({ ...medium, blockBytes }, start, { isFile, isFirst }, events),
      change: (wanted) => main.ask("change", wanted),
      ...(verify
        ? {
            verify: (label, segments) => {
              main.tell({ kind: "phase", phase: `reading back volume ${label.volume}` });
              const name = isFile ? volumePath(medium.destination, label.volume) : medium.destination;
              (isFile ? verifyFile : verifyTape)({ name, label, segments }, events.isStopped);
              main.tell({ kind: "phase", phase: "" });
            },
          }
        : {}),
    },
    {
      opened: (volume) => {
        blockBytes = volume.blockBytes;
        main.tell({ kind: "open", medium: isFile ? "file" : "tape", volume });
      },
      durable: (progress) => main.tell({ kind: "durable", offset: progress.at, progress }),
      closed: (label) => main.tell({ kind: "closed", label }),
      lines: (label) => linesOf(label, main),
    },
  );
}

async function* linesOf(
  label: VolumeLabel,
  main: MainThread<WriterThread>,
): AsyncGenerator<string, void, undefined> {
  for (let isFirst = true; ; isFirst = false) {
    const { text, isLast } = await main.ask("lines", { label, isFirst });
    yield text;
    if (isLast) return;
  }
}
