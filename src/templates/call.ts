/** Arguments of a call against the parameters of what is called. */
import { TemplateError } from './error.ts';
import type { Args, Value } from './values.ts';

/**
 * The arguments in the order of the parameters. A parameter that may be left out ends with `?`.
 *
 * @throws TemplateError as Python does when arguments are missing, twice there or not known
 */
export function bind(
  name: string,
  args: Args,
  parameters: readonly string[],
): (Value | undefined)[] {
  const names = parameters.map((parameter) => parameter.replace('?', ''));
  if (args.positional.length > names.length)
    throw new TemplateError(
      `${name}() takes at most ${names.length} arguments (${args.positional.length} given)`,
    );
  const bound: (Value | undefined)[] = names.map((_, place) => args.positional[place]);
  for (const [key, value] of args.named) {
    const place = names.indexOf(key);
    if (place < 0) throw new TemplateError(`${name}() got an unexpected keyword argument '${key}'`);
    if (bound[place] !== undefined)
      throw new TemplateError(`${name}() got multiple values for argument '${key}'`);
    bound[place] = value;
  }
  for (const [place, parameter] of parameters.entries())
    if (bound[place] === undefined && !parameter.endsWith('?'))
      throw new TemplateError(`${name}() missing required argument '${parameter}'`);
  return bound;
}

export const noArgs: Args = { positional: [], named: new Map() };
