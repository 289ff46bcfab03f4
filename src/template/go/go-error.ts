/** The two ways in which a Go function fails: it returns an error, or it panics. */

/** An error that a Go function returned. `message` is a byte string, word for word Go's. */
export class GoError extends Error {
  override readonly name: string = "GoError";
}

/** A panic in a Go function, which text/template turns into an error of the call. `message` is a byte string. */
export class GoPanic extends GoError {
  override readonly name = "GoPanic";
}

/** What Go says of a nil where a value is needed. */
export const nilDereference = "runtime error: invalid memory address or nil pointer dereference";
