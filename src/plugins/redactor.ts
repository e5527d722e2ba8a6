/** Takes a plugin's secrets out of what is shown of it. */

const shown = '********';

/** Shorter values occur everywhere by chance: taking them out would hide nothing and spoil the log. */
const shortest = 4;

/**
 * A function that replaces secrets in a text: as they are, and as JSON, URLs and basic authentication write
 * them.
 */
export function redactorOf(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret));
    forms.add(Buffer.from(secret).toString('base64'));
  }
  // A secret may be a part of another one.
  const ordered = [...forms].sort((one, other) => other.length - one.length);
  if (ordered.length === 0) return (text) => text;
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, shown), text);
}
