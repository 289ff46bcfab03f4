/** What goes wrong in a template, in the words of Go's text/template. */

/** An error of the template language. `message` is JS text: `template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: WHY`. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** Found before the run, or in it. */
  readonly stage: "parse" | "exec";

  constructor(stage: "parse" | "exec", message: string) {
    super(message);
    this.stage = stage;
  }
}
