/** The door of a compressor's thread: piscina calls the default export once a frame. */
import { runCompressJob } from "../src/pool/frames/compress-job.ts";

export default runCompressJob;
