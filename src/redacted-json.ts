/** Takes secrets out of JSON, which stays JSON: in place of a number with one there is a text. */

/** A string or a number; what looks like either within a string is a part of that. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * @param json valid JSON, of keys and values whatever deep
 * @param redact takes secrets out of a text
 */
export function redactedJson(json: string, redact: (text: string) => string): string {
  // Most have none in whatever form: only then is it worth looking where they are. JSON within JSON has its escapes
  // written once more, and what is in it shows only when it is read.
  if (redact(json) === json && !json.includes('\\\\')) return json;
  return json.replace(token, (part) => {
    const value = part.startsWith('"') ? (JSON.parse(part) as string) : part;
    const shown = redact(value);
    return shown === value ? part : JSON.stringify(shown);
  });
}
