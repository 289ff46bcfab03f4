/** How a function or a method of a template says that it failed: the classes that the ports of Go's library use too. */
export { GoError, GoPanic } from "../go/go-error.ts";
