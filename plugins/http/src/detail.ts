/** What the log shows of an attempt. */
import { STATUS_CODES } from 'node:http';
import type { JsonObject } from 'webhookd/plugin';
import type { Answer } from './exchange.ts';
import { decodeBody } from './json.ts';
import type { SignedRequest, Target } from './request.ts';

export function requestDetail({
  request: { plan, target, body },
  shownHeaders,
}: SignedRequest): JsonObject {
  return {
    request_method: plan.method,
    request_url: target.shownUrl,
    request_headers: shownHeaders,
    request_body: body.shown,
  };
}

/** Adds the answer to what is said of the request. A body that was cut is no JSON any more. */
export function addAnswer(
  detail: JsonObject,
  { status, headers, body, isTruncated }: Answer,
): JsonObject {
  detail['response_status_code'] = status;
  detail['response_headers'] = headers as JsonObject;
  detail['response_body'] = isTruncated ? body : decodeBody(body);
  if (isTruncated) detail['response_body_truncated'] = true;
  return detail;
}

/** `410 Client Error: Gone for url: http://example.com/` */
export function refusal({ status, reason }: Answer, { shownUrl }: Target): string {
  const phrase = reason === '' ? (STATUS_CODES[status] ?? 'Unknown') : reason;
  const kind =
    status >= 500 ? 'Server Error' : status >= 400 ? 'Client Error' : 'Unexpected Status';
  return `${status} ${kind}: ${phrase} for url: ${shownUrl}`;
}

/** Node's message names address and port; with several addresses only the code is left. */
export function describeError(error: unknown, { shownUrl }: Target): string {
  const { message = '', code } = error as { message?: string; code?: string };
  return `${message === '' ? (code ?? 'the request failed') : message} for url: ${shownUrl}`;
}
