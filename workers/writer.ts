/** The door of the writer's thread. */
import { runWriterThread } from "../src/pool/media/writer-thread.ts";

runWriterThread();
