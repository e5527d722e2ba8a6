/** A Content-Type that always names a charset. */

export interface ContentType {
  /** The header's value. */
  value: string;
  charset: string;
}

/** What is between semicolons; those within quotes separate nothing. */
const part = /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g;

const charsetParameter = /^charset\s*(?:=\s*(.*))?$/is;

/** What a name of a charset may consist of: a token of RFC 9110. */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * @param configured as the subscription has it: `text/yaml; charset` becomes `text/yaml; charset=utf-8`
 */
export function completeContentType(configured: string): ContentType {
  const [type = '', ...parameters] = (configured.match(part) ?? []).map((text) => text.trim());
  const kept: string[] = [];
  let charset: string | undefined;
  let place = -1;
  for (const parameter of parameters) {
    const named = charsetParameter.exec(parameter);
    if (named === null) {
      if (parameter !== '') kept.push(parameter);
      continue;
    }
    if (place < 0) place = kept.push('') - 1;
    const name = unquote(named[1]?.trim() ?? '');
    // Said twice, the first counts: that is how receivers read it.
    if (charset !== undefined || !token.test(name)) continue;
    charset = name;
    kept[place] = parameter;
  }
  if (charset === undefined) {
    charset = 'utf-8';
    kept[place < 0 ? kept.length : place] = `charset=${charset}`;
  }
  return { value: [type === '' ? 'text/plain' : type, ...kept].join('; '), charset };
}

/** A quoted string without its quotes; one that does not end stays as it is. */
function unquote(text: string): string {
  return /^"(?:[^"\\]|\\.)*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text;
}
