/** `'{0.name!r:>8}'.format(...)`: only what was given can be reached, by the same look-up as in a template. */
import type { Budget } from './budget.ts';
import { TemplateError } from './error.ts';
import { repr, str } from './printing.ts';
import { formatValue, parseSpec } from './spec.ts';
import { type Args, Dict, dictGet, isDataDict, isNumber, textOf, type Value } from './values.ts';

/** How `{0.name[key]}` goes on from a value. */
export interface LookUp {
  attribute(value: Value, name: string, budget: Budget): Value;
  item(value: Value, key: Value, budget: Budget): Value;
}

/** Fields within the format of a field. */
const maxNesting = 3;

export function formatText(
  pattern: string,
  args: Args,
  budget: Budget,
  lookUp: LookUp,
  mapping?: Value,
): string {
  const state = { next: 0, isNumbered: false, isAutomatic: false };
  const value = (name: string): Value => {
    if (/^\d+$/.test(name) || name === '') {
      if (name === '') state.isAutomatic = true;
      else state.isNumbered = true;
      if (state.isAutomatic && state.isNumbered)
        throw new TemplateError(
          'cannot switch between manual field specification and automatic field numbering',
        );
      const found = args.positional[name === '' ? state.next++ : Number(name)];
      if (found === undefined)
        throw new TemplateError('Replacement index out of range for positional args tuple');
      return found;
    }
    const found =
      mapping === undefined
        ? args.named.get(name)
        : mapping instanceof Dict || isDataDict(mapping)
          ? dictGet(mapping, name, budget)
          : undefined;
    if (found === undefined) throw new TemplateError(repr(name, budget));
    return found;
  };
  return fill(pattern, { value, lookUp }, budget, 0);
}

/** Where the values of fields come from. */
interface Source {
  value: (name: string) => Value;
  lookUp: LookUp;
}

function fill(pattern: string, values: Source, budget: Budget, nesting: number): string {
  if (nesting >= maxNesting) throw new TemplateError('Max string recursion exceeded');
  let text = '';
  const put = (part: string) => {
    budget.space(part.length);
    text += part;
  };
  for (let at = 0; at < pattern.length;) {
    const brace = nextBrace(pattern, at);
    put(pattern.slice(at, brace));
    if (brace === pattern.length) break;
    const sign = pattern[brace] ?? '';
    if (pattern[brace + 1] === sign) {
      put(sign);
      at = brace + 2;
    } else if (sign === '}') {
      throw new TemplateError("Single '}' encountered in format string");
    } else {
      const end = endOfField(pattern, brace);
      put(field(pattern.slice(brace + 1, end), values, budget, nesting));
      at = end + 1;
    }
  }
  return text;
}

function nextBrace(pattern: string, from: number): number {
  for (let at = from; at < pattern.length; at++)
    if (pattern[at] === '{' || pattern[at] === '}') return at;
  return pattern.length;
}

function endOfField(pattern: string, open: number): number {
  let depth = 0;
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '{') depth++;
    else if (pattern[at] === '}' && --depth === 0) return at;
  }
  throw new TemplateError("expected '}' before end of string");
}

function field(source: string, values: Source, budget: Budget, nesting: number): string {
  budget.step();
  const found = /^([^!:]*)(?:!([^:]*))?(?::([^]*))?$/.exec(source);
  if (found === null) throw new TemplateError('the field cannot be read');
  const [, path = '', conversion, spec = ''] = found;
  const target = reach(path, values, budget);
  const wanted = fill(spec, values, budget, nesting + 1);
  if (conversion !== undefined && !['s', 'r', 'a'].includes(conversion))
    throw new TemplateError(`Unknown conversion specifier ${conversion}`);
  const shown: Value =
    conversion === undefined
      ? target
      : conversion === 's'
        ? str(target, budget)
        : repr(target, budget);
  if (wanted === '' && textOf(shown) === undefined && !isNumber(shown)) return str(shown, budget);
  return formatValue(shown, parseSpec(wanted), budget);
}

/** `0.name[key]` */
function reach(path: string, { value, lookUp }: Source, budget: Budget): Value {
  const [name = ''] = /^[^.[]*/.exec(path) ?? [];
  let target = value(name);
  const steps = /\.([^.[]+)|\[([^\]]+)\]/gy;
  steps.lastIndex = name.length;
  let end = name.length;
  for (let step = steps.exec(path); step !== null; step = steps.exec(path)) {
    budget.step();
    const [whole, attribute, key = ''] = step;
    end += whole.length;
    target =
      attribute !== undefined
        ? lookUp.attribute(target, attribute, budget)
        : lookUp.item(target, /^\d+$/.test(key) ? Number(key) : key, budget);
  }
  if (end !== path.length) throw new TemplateError('Empty attribute in format string');
  return target;
}
