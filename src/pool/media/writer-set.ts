/** The writer's thread when it writes a set of volumes: asks the main thread for media and for the checkpoint's lines. */
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import { volumePath } from "../../tape/catalogue/volume-names.ts";
import type { OpenEvents } from "../../tape/medium/open-medium.ts";
import { openVolume } from "../../tape/volumes/open-volume.ts";
import { verifyFile, verifyTape } from "../../tape/volumes/verify-volume.ts";
import { writeVolumes } from "../../tape/volumes/write-volumes.ts";
import type { Window } from "../../tape/window/window.ts";
import type { WriteLoopOptions, WriteLoopResult } from "../../tape/window/write-loop.ts";
import type { SayOfWriter, WriterQuestion, WriterStart, WrittenSet } from "../thread-messages.ts";
import { ThreadQuestions } from "../thread-questions.ts";

/** @throws AceError `medium`; what the main thread answers */
export async function writeSet(
  { medium }: WriterStart,
  set: WrittenSet,
  window: Window,
  options: WriteLoopOptions,
  events: OpenEvents,
  say: SayOfWriter,
): Promise<WriteLoopResult> {
  const { isFile, verify } = set;
  using questions = new ThreadQuestions<WriterQuestion>((id, question) => say({ kind: "ask", id, question }));
  // As asked for until the first volume is open, which may take smaller blocks only.
  let { blockBytes } = medium;
  return await writeVolumes(
    window,
    set,
    options,
    {
      open: (opening, isFirst) => openVolume({ ...medium, blockBytes }, opening, { isFile, isFirst }, events),
      change: async (wanted) => {
        await questions.ask({ kind: "change", wanted });
      },
      lines: (label) => linesOf(label, questions),
      ...(verify
        ? {
            verify: (label, segments) => {
              say({ kind: "phase", phase: `reading back volume ${label.volume}` });
              const name = isFile ? volumePath(medium.destination, label.volume) : medium.destination;
              (isFile ? verifyFile : verifyTape)({ name, label, segments }, events.isStopped);
              say({ kind: "phase", phase: "" });
            },
          }
        : {}),
    },
    {
      opened: (opened, { volume, offset }) => {
        blockBytes = opened.blockBytes;
        const { nativeBytes, block = 0, tapeBlockBytes = 0 } = opened.place ?? {};
        const earlierBytes = block * tapeBlockBytes;
        say({ kind: "open", medium: opened.kind, volume: { volume, offset, nativeBytes, earlierBytes } });
      },
      durable: (offset, progress) => say({ kind: "durable", offset, progress }),
      closed: (label) => say({ kind: "closed", label }),
    },
  );
}

async function* linesOf(
  label: VolumeLabel,
  questions: ThreadQuestions<WriterQuestion>,
): AsyncGenerator<string, void, undefined> {
  for (let isFirst = true; ; isFirst = false) {
    const { text, isLast } = await questions.ask({ kind: "lines", label, isFirst });
    yield text;
    if (isLast) return;
  }
}
