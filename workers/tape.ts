/** The door of a tape job's thread. */
import { runTapeThread } from "../src/pool/media/tape-thread.ts";

runTapeThread();
