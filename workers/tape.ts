/** The door of a tape job's thread. */
import { runTapeThread } from "../src/pool/tape-thread.ts";

runTapeThread();
