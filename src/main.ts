/** The program's door. oclif finds the commands in this module, so nothing here may wait at top level. */

import { runProgram } from "./commands/run-program.ts";
import { COMMANDS } from "./commands.ts";

export { COMMANDS };

void runProgram({ argv: process.argv.slice(2), commands: COMMANDS, commandsModule: import.meta.path });
