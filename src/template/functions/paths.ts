/** The functions for slash-separated paths; the `os` ones do the same, as they do on the systems this program runs on. */
import { basePath, cleanPath, directoryOf, extensionOf, isAbsolutePath } from "../go/path.ts";
import { define } from "../values/define.ts";

const text = "func(string) string";
const test = "func(string) bool";

export const pathFunctions = [
  define("base", text, basePath),
  define("dir", text, directoryOf),
  define("clean", text, cleanPath),
  define("ext", text, extensionOf),
  define("isAbs", test, isAbsolutePath),
  define("osBase", text, basePath),
  define("osDir", text, directoryOf),
  define("osClean", text, cleanPath),
  define("osExt", text, extensionOf),
  define("osIsAbs", test, isAbsolutePath),
];
