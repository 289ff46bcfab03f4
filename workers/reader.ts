/** The door of the reader's thread. */
import { runReaderThread } from "../src/pool/reader-thread.ts";

runReaderThread();
