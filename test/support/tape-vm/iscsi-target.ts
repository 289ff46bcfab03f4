/** A network door to an emulated drive: an iSCSI target with one logical unit (RFC 7143; no authentication, no digests). */
import type { Socket } from "bun";
import { type AgreedSizes, answerLogin } from "./iscsi-login.ts";
import { operation } from "./iscsi-operations.ts";
import { check, type DriveAnswer, senses } from "./sense.ts";

/** What stands behind the door. */
export interface ScsiUnit {
  /** @returns undefined for a command that is never answered */
  execute(command: Uint8Array, output: Uint8Array): Promise<DriveAnswer | undefined>;
}

/** The name that initiators log in to. */
export const targetName = "iqn.2001-04.example:tape";

const headerBytes = 48;
const noTag = 0xffffffff;

/** Listens on a free port of 127.0.0.1. */
export function listenForInitiators(unit: ScsiUnit): { port: number; stop(): void } {
  const listener = Bun.listen<Session>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = new Session(socket, unit);
      },
      data: (socket, bytes) => socket.data.receive(Buffer.from(bytes)),
      drain: (socket) => socket.data.flush(),
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

/** A command whose data are still coming. */
interface Task {
  header: Buffer;
  output: Buffer;
  received: number;
  transfers: number;
}

/** One connection. */
class Session {
  readonly #socket: Socket<Session>;
  readonly #unit: ScsiUnit;
  readonly #tasks = new Map<number, Task>();
  #chunks: Buffer[] = [];
  #buffered = 0;
  #outgoing: Buffer[] = [];
  #statusNumber = 1;
  #expectedCommand = 0;
  readonly #sizes: AgreedSizes = { segmentBytes: 262_144, burstBytes: 262_144 };
  /** Commands run one after the other, as in a drive. */
  #queue: Promise<void> = Promise.resolve();

  constructor(socket: Socket<Session>, unit: ScsiUnit) {
    this.#socket = socket;
    this.#unit = unit;
  }

  receive(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    for (let unit = this.#takeUnit(); unit !== undefined; unit = this.#takeUnit())
      this.#handle(unit.header, unit.data);
  }

  flush(): void {
    for (;;) {
      const [bytes] = this.#outgoing;
      if (bytes === undefined) return;
      const sent = Math.max(0, this.#socket.write(bytes));
      if (sent < bytes.length) {
        this.#outgoing[0] = bytes.subarray(sent);
        return;
      }
      this.#outgoing.shift();
    }
  }

  #takeUnit(): { header: Buffer; data: Buffer } | undefined {
    if (this.#buffered < headerBytes) return undefined;
    let [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length < headerBytes) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    const dataAt = headerBytes + (first[4] ?? 0) * 4;
    const length = first.readUIntBE(5, 3);
    const whole = dataAt + padded(length);
    if (this.#buffered < whole) return undefined;
    const all = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#buffered -= whole;
    this.#chunks = this.#buffered > 0 ? [all.subarray(whole)] : [];
    return { header: all.subarray(0, headerBytes), data: all.subarray(dataAt, dataAt + length) };
  }

  #handle(header: Buffer, data: Buffer): void {
    const kind = (header[0] ?? 0) & 0x3f;
    const immediate = ((header[0] ?? 0) & 0x40) !== 0;
    const tag = header.readUInt32BE(16);
    if (!immediate && kind !== operation.login && kind !== operation.dataOut)
      this.#expectedCommand = (header.readUInt32BE(24) + 1) >>> 0;
    switch (kind) {
      case operation.login:
        this.#login(header, data, tag);
        return;
      case operation.command:
        this.#begin(header, data, tag);
        return;
      case operation.dataOut:
        this.#continue(header, data, tag);
        return;
      case operation.nopOut:
        if (tag !== noTag) this.#send(this.#header(operation.nopIn, 0x80, tag, { transferTag: noTag }), data);
        return;
      case operation.task:
        this.#send(this.#header(operation.taskResponse, 0x80, tag));
        return;
      case operation.text:
        this.#send(
          this.#header(operation.textResponse, 0x80, tag, { transferTag: noTag }),
          Buffer.from(`TargetName=${targetName}\0TargetAddress=127.0.0.1:3260,1\0`),
        );
        return;
      case operation.logout:
        this.#send(this.#header(operation.logoutResponse, 0x80, tag));
        this.#socket.end();
        return;
    }
  }

  #login(header: Buffer, data: Buffer, tag: number): void {
    this.#expectedCommand = header.readUInt32BE(24);
    const answers = answerLogin(data.toString("latin1").split("\0").filter(Boolean), this.#sizes);
    const answer = this.#header(operation.loginResponse, (header[1] ?? 0) & 0x8f, tag);
    header.copy(answer, 8, 8, 14);
    answer.writeUInt16BE(1, 14);
    this.#send(answer, Buffer.from(answers.map((text) => `${text}\0`).join(""), "latin1"));
  }

  #begin(header: Buffer, data: Buffer, tag: number): void {
    const isWrite = ((header[1] ?? 0) & 0x20) !== 0;
    const output = Buffer.alloc(isWrite ? header.readUInt32BE(20) : 0);
    data.copy(output);
    const task = { header: Buffer.from(header), output, received: data.length, transfers: 0 };
    if (isWrite && task.received < output.length) {
      this.#tasks.set(tag, task);
      this.#askForMore(task, tag);
    } else this.#enqueue(task, tag);
  }

  #continue(header: Buffer, data: Buffer, tag: number): void {
    const task = this.#tasks.get(tag);
    if (task === undefined) return;
    data.copy(task.output, header.readUInt32BE(40));
    task.received += data.length;
    if (((header[1] ?? 0) & 0x80) === 0) return;
    if (task.received < task.output.length) {
      this.#askForMore(task, tag);
      return;
    }
    this.#tasks.delete(tag);
    this.#enqueue(task, tag);
  }

  #askForMore(task: Task, tag: number): void {
    const answer = this.#header(operation.readyToTransfer, 0x80, tag, { transferTag: 1, advance: false });
    task.header.copy(answer, 8, 8, 16);
    answer.writeUInt32BE(task.transfers++, 36);
    answer.writeUInt32BE(task.received, 40);
    answer.writeUInt32BE(Math.min(task.output.length - task.received, this.#sizes.burstBytes), 44);
    this.#send(answer);
  }

  #enqueue(task: Task, tag: number): void {
    this.#queue = this.#queue.then(async () => {
      const command = task.header.subarray(32, 48);
      const isOther = task.header.readUInt16BE(8) !== 0 && command[0] !== 0xa0 && command[0] !== 0x12;
      const answer = isOther ? check(senses.noSuchUnit) : await this.#unit.execute(command, task.output);
      if (answer !== undefined) this.#respond(task, tag, answer);
    });
  }

  #respond(task: Task, tag: number, answer: DriveAnswer): void {
    const isRead = ((task.header[1] ?? 0) & 0x40) !== 0;
    const expected = task.header.readUInt32BE(20);
    const data = Buffer.from(answer.data ?? new Uint8Array(0)).subarray(0, isRead ? expected : 0);
    let sequence = 0;
    for (let at = 0; at < data.length; at += this.#sizes.segmentBytes) {
      const end = Math.min(data.length, at + this.#sizes.segmentBytes);
      const header = this.#header(operation.dataIn, end === data.length ? 0x80 : 0, tag, {
        transferTag: noTag,
        advance: false,
      });
      header.writeUInt32BE(0, 24);
      header.writeUInt32BE(sequence++, 36);
      header.writeUInt32BE(at, 40);
      this.#send(header, data.subarray(at, end));
    }
    const missing = isRead ? expected - data.length : 0;
    const header = this.#header(operation.response, 0x80 | (missing > 0 ? 2 : 0), tag);
    header[3] = answer.status;
    header.writeUInt32BE(sequence, 36);
    header.writeUInt32BE(missing, 44);
    const { sense } = answer;
    this.#send(header, sense && Buffer.concat([Buffer.from([0, sense.length]), sense]));
  }

  #header(
    kind: number,
    flags: number,
    tag: number,
    { transferTag = 0, advance = true }: { transferTag?: number; advance?: boolean } = {},
  ): Buffer {
    const header = Buffer.alloc(headerBytes);
    header[0] = kind;
    header[1] = flags;
    header.writeUInt32BE(tag, 16);
    header.writeUInt32BE(transferTag, 20);
    header.writeUInt32BE(this.#statusNumber, 24);
    if (advance) this.#statusNumber++;
    header.writeUInt32BE(this.#expectedCommand, 28);
    header.writeUInt32BE((this.#expectedCommand + 31) >>> 0, 32);
    return header;
  }

  #send(header: Buffer, data: Buffer = Buffer.alloc(0)): void {
    header.writeUIntBE(data.length, 5, 3);
    const padding = Buffer.alloc(padded(data.length) - data.length);
    this.#outgoing.push(Buffer.concat([header, data, padding]));
    this.flush();
  }
}

/** Data are padded to words. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
