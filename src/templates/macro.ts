/** Macros, and the bodies of `call` blocks, which are macros without a name. */
import { TemplateError } from './error.ts';
import { compileExpression } from './evaluate.ts';
import { Capture, type Execute } from './capture.ts';
import type { Parameter, Statement } from './nodes.ts';
import type { Scope } from './scope.ts';
import { type Args, Callable, Dict, Tuple, Undefined, type Value } from './values.ts';

/** What a macro takes besides its parameters: only what its body names. */
interface Extras {
  varargs: boolean;
  kwargs: boolean;
  caller: boolean;
}

/** A maker of the macro for a scope: what its body sees besides its arguments. */
export function makeMacro(
  name: string,
  parameters: readonly Parameter[],
  statements: readonly Statement[],
  body: Execute,
): (scope: Scope) => Callable {
  const names = parameters.map((parameter) => parameter.name);
  const defaults = parameters.map(({ default: value }) =>
    value === null ? undefined : compileExpression(value),
  );
  const extras: Extras = {
    varargs: mentions(statements, 'varargs'),
    kwargs: mentions(statements, 'kwargs'),
    caller: mentions(statements, 'caller') || names.includes('caller'),
  };
  const bindArguments = (inner: Scope, args: Args) => {
    for (const [place, parameter] of names.entries()) {
      const placed = args.positional[place];
      const given = placed === undefined ? args.named.get(parameter) : placed;
      const value = given === undefined ? defaults[place]?.(inner) : given;
      inner.set(
        parameter,
        value === undefined ? new Undefined(`parameter '${parameter}' was not provided`) : value,
      );
    }
    bindRest(name, names, inner, args, extras);
  };
  return (scope) =>
    new Callable(
      name,
      (args, budget) => {
        budget.enter();
        try {
          const inner = scope.inner();
          bindArguments(inner, args);
          const capture = new Capture(budget);
          body(inner, capture);
          return capture.text;
        } finally {
          budget.leave();
        }
      },
      `<Macro '${name}'>`,
      {
        name,
        arguments: new Tuple(names),
        catch_kwargs: extras.kwargs,
        catch_varargs: extras.varargs,
        caller: extras.caller,
      },
    );
}

/** What no parameter takes: `varargs`, `kwargs` and `caller`. Throws for what the macro does not ask for. */
function bindRest(
  name: string,
  names: readonly string[],
  inner: Scope,
  args: Args,
  extras: Extras,
): void {
  const rest = args.positional.slice(names.length);
  if (rest.length > 0 && !extras.varargs)
    throw new TemplateError(`macro '${name}' takes not more than ${names.length} argument(s)`);
  const kwargs = new Dict();
  for (const [key, value] of args.named) {
    const place = names.indexOf(key);
    if (place >= 0 && place < args.positional.length)
      throw new TemplateError(`macro '${name}' got multiple values for argument '${key}'`);
    if (place >= 0 || (key === 'caller' && extras.caller)) continue;
    if (!extras.kwargs)
      throw new TemplateError(`macro '${name}' takes no keyword argument '${key}'`);
    kwargs.set(key, value, inner.budget);
  }
  inner.set('varargs', new Tuple(rest));
  inner.set('kwargs', kwargs);
  const caller: Value | undefined = args.named.get('caller');
  if (!names.includes('caller')) inner.set('caller', caller ?? new Undefined('No caller defined'));
}

/** Whether a name stands anywhere in these statements. */
function mentions(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some((part) => mentions(part, name));
  const { kind, name: own } = node as { kind?: unknown; name?: unknown };
  if (kind === 'name' && own === name) return true;
  return Object.values(node).some((part) => mentions(part, name));
}
