/** Filters of addresses. */
import type { Budget } from './budget.ts';
import { bind } from './call.ts';
import { intArg, textArg, truthArg } from './convert.ts';
import { TemplateError } from './error.ts';
import type { Filter } from './filter.ts';
import { htmlEscape } from './html.ts';
import { iterate } from './iterate.ts';
import { str } from './printing.ts';
import { joined } from './text.ts';
import { dictEntries, Markup, textOf, type Value } from './values.ts';

/** What `urllib.parse.quote` leaves as it is. */
const quote = (text: string, keepsSlash: boolean): string => {
  const encoded = Array.from(Buffer.from(text), (byte) => {
    const sign = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_.~-]/.test(sign) || (keepsSlash && sign === '/');
    return isPlain ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return encoded.join('');
};

const urlencode: Filter = (value, args, { budget }) => {
  bind('urlencode', args, []);
  budget.step(Math.ceil((textOf(value)?.length ?? 0) / 4));
  const pairs = textOf(value) === undefined ? (dictEntries(value) ?? pairsOf(value)) : undefined;
  if (pairs === undefined) {
    const text = str(value, budget);
    budget.space(text.length * 9);
    return quote(text, true);
  }
  const part = (given: Value) => {
    const text = str(given, budget);
    budget.space(text.length * 9);
    return quote(text, false).replaceAll('%20', '+');
  };
  return joined(
    pairs.map(([key, held]) => `${part(key)}=${part(held)}`),
    '&',
    budget,
  );

  function pairsOf(given: Value): [Value, Value][] | undefined {
    let items: readonly Value[];
    try {
      items = iterate(given, budget);
    } catch {
      return undefined;
    }
    return items.map((item) => {
      const pair = iterate(item, budget);
      const [key, held] = pair;
      if (pair.length !== 2 || key === undefined || held === undefined)
        throw new TemplateError(`a pair is needed, found ${pair.length} values`);
      return [key, held];
    });
  }
};

const address = /^(?:https?:\/\/|www\.)[\w.-]+(?:[/?#:][^\s<>]*)?$/i;
const domain = /^[\w-]+(?:\.[\w-]+)*\.(?:com|net|int|edu|gov|org|info|mil)(?:[/?#:][^\s<>]*)?$/i;
const email = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/;
const scheme = /^(?:mailto|tel|ftp|file|sip|sips|xmpp|irc):\S+$/i;

/** Addresses in text become links. */
const urlize: Filter = (value, args, { budget }) => {
  const [limit, nofollow, target, rel] = bind('urlize', args, [
    'trim_url_limit?',
    'nofollow?',
    'target?',
    'rel?',
    'extra_schemes?',
  ]);
  const text = str(value, budget);
  budget.space(text.length * 8);
  budget.step(Math.ceil(text.length / 32));
  const max = limit === undefined || limit === null ? undefined : intArg(limit);
  const rels = new Set(
    (textArg(rel ?? undefined) ?? '').split(/\s+/).filter((word) => word !== ''),
  );
  if (truthArg(nofollow, false)) rels.add('nofollow');
  rels.add('noopener');
  const relText = ` rel="${[...rels].sort().map(htmlEscape).join(' ')}"`;
  const targetText =
    target === undefined || target === null ? '' : ` target="${htmlEscape(textArg(target) ?? '')}"`;
  const link = (href: string, shown: string, isMail = false) =>
    `<a href="${href}"${isMail ? '' : `${relText}${targetText}`}>${shown}</a>`;
  const shorten = (shown: string) =>
    max !== undefined && shown.length > max ? `${shown.slice(0, max)}...` : shown;
  const words = htmlEscape(text)
    .split(/(\s+)/)
    .map((word) => {
      const [head, middle, tail] = withoutMarks(word, budget);
      if (address.test(middle))
        return `${head}${link(/^https?:/i.test(middle) ? middle : `https://${middle}`, shorten(middle))}${tail}`;
      if (scheme.test(middle) && middle.startsWith('mailto:'))
        return `${head}${link(middle, middle.slice(7), true)}${tail}`;
      if (email.test(middle) && !middle.startsWith('www.'))
        return `${head}${link(`mailto:${middle}`, middle, true)}${tail}`;
      if (domain.test(middle)) return `${head}${link(`https://${middle}`, shorten(middle))}${tail}`;
      return word;
    });
  const linked = joined(words, '', budget);
  return value instanceof Markup ? new Markup(linked) : linked;
};

/** Brackets before and marks after an address do not belong to it. */
function withoutMarks(word: string, budget: Budget): [string, string, string] {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? '';
  let middle = word.slice(head.length);
  let tail = '';
  for (let mark = lastMark(middle); mark !== ''; mark = lastMark(middle)) {
    budget.step();
    middle = middle.slice(0, -mark.length);
    tail = mark + tail;
  }
  return [head, middle, tail];
}

const lastMark = (text: string) => {
  const end = text.slice(-4);
  return end === '&gt;' ? end : /[)>.,\n]$/.test(text) ? text.slice(-1) : '';
};

export const urlFilters: [string, Filter][] = [
  ['urlencode', urlencode],
  ['urlize', urlize],
];
