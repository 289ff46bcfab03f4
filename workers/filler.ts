/** The door of the filler's thread. */
import { runFillerThread } from "../src/pool/media/filler-thread.ts";

runFillerThread();
