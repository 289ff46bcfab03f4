/** What a measurement needs to be told. */
import type { MadeArchive } from "./make-archive.ts";
import type { ImageSet, World } from "./world.ts";

/** One measurement. */
export interface Job {
  name: string;
  /** Image sets that must be in the low registry. */
  sets: readonly ImageSet[];
  /** Bytes of layers that the job moves, for rates; 0 when it moves none. */
  bytes: number;
  /** Sets that must be gathered on the low side before, by the tool itself. */
  gathered?: ImageSet;
  /** Sets that must be serialized to a file before. */
  serialized?: ImageSet;
  /** Sets that must lie deserialized on the high side before. */
  deserialized?: ImageSet;
  /** Archives that must lie in the world's directory before, by name; made without any registry. */
  made?: Readonly<Record<string, MadeArchive>>;
  /** The command: the word `ace-dt` stands for the tool under test. Every round gets a number of its own. */
  command(world: World, round: string): readonly string[];
  /** Variables for the command. */
  env?(world: World, round: string): Readonly<Record<string, string>>;
  /** One run before the rounds, not counted: they find what it left. */
  warm?: boolean;
  /** Undoes what a round left on the disk. */
  clean?(world: World, round: string): Promise<void>;
}
