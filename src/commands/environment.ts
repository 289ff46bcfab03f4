/** The variables that the program was started with, before the command frame sets its own. */
import type { Environment } from "../config/config.ts";

export const environment: Environment = Object.freeze({ ...process.env });
