/** The door of the writer's thread. */
import { runWriterThread } from "../src/pool/writer-thread.ts";

runWriterThread();
