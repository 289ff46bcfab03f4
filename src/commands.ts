/** Every command, by the id that oclif knows it under. */
import Config from "./commands/config.ts";
import Archive from "./commands/mirror/archive.ts";
import BatchDeserialize from "./commands/mirror/batch-deserialize.ts";
import BatchSerialize from "./commands/mirror/batch-serialize.ts";
import Clone from "./commands/mirror/clone.ts";
import Deserialize from "./commands/mirror/deserialize.ts";
import Diff from "./commands/mirror/diff.ts";
import Gather from "./commands/mirror/gather.ts";
import List from "./commands/mirror/list.ts";
import Scatter from "./commands/mirror/scatter.ts";
import Serialize from "./commands/mirror/serialize.ts";
import Unarchive from "./commands/mirror/unarchive.ts";
import Verify from "./commands/mirror/verify.ts";
import type { Commands } from "./commands/run-program.ts";
import Mbuffer from "./commands/util/mbuffer.ts";
import Prune from "./commands/util/prune.ts";
import Registry from "./commands/util/registry.ts";
import TapeEraseCheck from "./commands/util/tape/erase-check.ts";
import TapeLabelInfo from "./commands/util/tape/label-info.ts";
import TapeStatus from "./commands/util/tape/status.ts";
import { TapeEject, TapeEod, TapeRewind } from "./commands/util/tape/tape-moves.ts";
import Version from "./commands/version.ts";

export const COMMANDS: Commands = {
  config: Config,
  "mirror:archive": Archive,
  "mirror:batch-deserialize": BatchDeserialize,
  "mirror:batch-serialize": BatchSerialize,
  "mirror:clone": Clone,
  "mirror:deserialize": Deserialize,
  "mirror:diff": Diff,
  "mirror:gather": Gather,
  "mirror:list": List,
  "mirror:scatter": Scatter,
  "mirror:serialize": Serialize,
  "mirror:unarchive": Unarchive,
  "util:prune": Prune,
  "mirror:verify": Verify,
  "util:mbuffer": Mbuffer,
  "util:registry": Registry,
  "util:tape:eject": TapeEject,
  "util:tape:eod": TapeEod,
  "util:tape:erase-check": TapeEraseCheck,
  "util:tape:label-info": TapeLabelInfo,
  "util:tape:rewind": TapeRewind,
  "util:tape:status": TapeStatus,
  version: Version,
};
