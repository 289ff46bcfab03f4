/** The door of the filler's thread. */
import { runFillerThread } from "../src/pool/filler-thread.ts";

runFillerThread();
