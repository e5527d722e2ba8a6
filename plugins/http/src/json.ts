/** Bodies as the log shows them: JSON as the value it is. */
import type { Json } from 'webhookd/plugin';

/** Deeper than any body worth reading, and far from what would overflow the stack when it is written again. */
const maxDepth = 500;

const beginsLikeJson = /^[\t\n\r ]*(?:[[{"\d-]|(?:true|false|null)[\t\n\r ]*$)/;

/** The value when the text is JSON, else the text. */
export function decodeBody(text: string): Json {
  if (!beginsLikeJson.test(text) || isTooDeep(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Whether JSON text is nested so deeply that its value is not to be shown as one. */
export function isTooDeep(json: string): boolean {
  if (json.length < 2 * maxDepth) return false;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (isInString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
