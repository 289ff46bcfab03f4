/** The door of the reader's thread. */
import { runReaderThread } from "../src/pool/media/reader-thread.ts";

runReaderThread();
