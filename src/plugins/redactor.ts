/** Takes a plugin's secrets out of what is shown of it. */

const shown = '********';

/** Shorter values occur everywhere by chance: taking them out would hide nothing and spoil the log. */
const shortest = 4;

/** Of a secret with several lines, such as a key in PEM, a line shorter than this tells nothing. */
const shortestLine = 8;

/**
 * A function that replaces secrets in a text: as they are, and as JSON, URLs and basic authentication write
 * them. Their lines are replaced each by itself too: a log is written line by line.
 */
export function redactorOf(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret));
    forms.add(Buffer.from(secret).toString('base64'));
    for (const line of linesOf(secret)) forms.add(line);
  }
  // A secret may be a part of another one.
  const ordered = [...forms].sort((one, other) => other.length - one.length);
  if (ordered.length === 0) return (text) => text;
  return (text) => ordered.reduce((rest, form) => rest.replaceAll(form, shown), text);
}

/** Without those that only say what kind of secret it is. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  if (lines.length === 1) return [];
  return lines.filter((line) => line.length >= shortestLine && !/^-----.*-----$/.test(line));
}
