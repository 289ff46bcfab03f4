/** The door of a blob worker's thread: piscina calls the default export once a job. */
import { runJob } from "../src/pool/blobs/run-job.ts";

export default runJob;
