/** A mistake in a template, or one that shows only with the data. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** Counted from 1; undefined while it is not known. */
  line: number | undefined;
  /** The expression or tag that failed, as it stands in the template. */
  expression: string | undefined;

  /** @param line counted from 1 */
  constructor(message: string, line?: number, expression?: string) {
    super(message);
    this.line = line;
    this.expression = expression;
  }
}
