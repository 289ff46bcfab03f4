/** How a function or a method of a template says that it failed. */

/** An `error` that the Go function would return; the template stops with `error calling NAME: MESSAGE`. */
export class GoError extends Error {
  override readonly name: string = "GoError";
}

/** A panic of the Go function, which the template engine turns into the same kind of error. */
export class GoPanic extends GoError {
  override readonly name: string = "GoPanic";
}
