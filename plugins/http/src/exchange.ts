/** One request and its response, with a deadline, and with no more of the response kept than asked for. */
import type { Dispatcher } from 'undici';
import type { SignedRequest } from './request.ts';

/** What the endpoint answered. */
export interface Answer {
  status: number;
  /** The reason phrase: `Not Found`. */
  reason: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** Whether the body was longer than what is kept. */
  isTruncated: boolean;
}

export interface ExchangeOptions {
  /** How much time is left, ms. */
  timeout: number;
  /** How much there was in all, for the message, seconds. */
  told: number;
  /** How much of the response's body is kept, bytes. */
  maxResponseSize: number;
  /** Cut the requests in flight. A list, since V8 keeps what was in a Set that much comes to and goes from. */
  open: ((reason: Error) => void)[];
}

/** A request as {@link exchange} sends it. */
export interface SentRequest extends Dispatcher.DispatchOptions {
  origin: string;
  headers: Readonly<Record<string, string>>;
}

/** Sends requests, over connections that it keeps. */
export interface Sender {
  dispatch(request: SentRequest, handler: Dispatcher.DispatchHandler): boolean;
  /** What has begun ends first. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** There was no complete answer in the time there was. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

/** A response this much larger (bytes) than what is kept ends the connection, instead of being read to its end. */
const readOn = 256 * 1024;

class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #answer: Answer | undefined;
  #chunks: Buffer[] = [];
  #kept = 0;
  #read = 0;
  #isSettled = false;
  readonly #timer: NodeJS.Timeout;
  readonly #cut = (reason: Error) => this.#end(reason);

  constructor(
    private readonly options: ExchangeOptions,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (error: Error) => void,
  ) {
    const { timeout, told, open } = options;
    this.#timer = setTimeout(
      () => this.#end(new TooSlow(`timeout: no complete answer within ${told} s`)),
      timeout,
    );
    open.push(this.#cut);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) controller.abort(new Error('the request was given up'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Answer['headers'],
    statusMessage = '',
  ): void {
    if (statusCode < 200) return;
    this.#answer = {
      status: statusCode,
      reason: statusMessage,
      headers,
      body: '',
      isTruncated: false,
    };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#read += chunk.length;
    const room = this.options.maxResponseSize - this.#kept;
    if (room > 0) {
      // A copy: as it came, one byte of a body may hold on to all that was read from the socket at once.
      const kept = Buffer.from(chunk.length > room ? chunk.subarray(0, room) : chunk);
      this.#chunks.push(kept);
      this.#kept += kept.length;
    }
    if (this.#read > this.options.maxResponseSize + readOn) this.#end(undefined);
  }

  onResponseEnd(): void {
    this.#settle(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error);
  }

  /** Called by us, not by the endpoint: the connection is of no more use. */
  #end(error: Error | undefined): void {
    this.#settle(error);
    this.#controller?.abort(error ?? new Error('the rest of the response is not wanted'));
  }

  #settle(error: Error | undefined): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    const { open } = this.options;
    open.splice(open.indexOf(this.#cut), 1);
    const answer = this.#answer;
    if (error !== undefined || answer === undefined) {
      this.reject(error ?? new Error('the response ended before it began'));
      return;
    }
    answer.body = textOf(this.#chunks);
    answer.isTruncated = this.#read > this.#kept;
    this.resolve(answer);
  }
}

/** Most bodies come in one piece. */
function textOf(chunks: Buffer[]): string {
  const [first] = chunks;
  return (first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)).toString();
}

/** Rejects when there is no complete answer, for whatever reason. */
export function exchange(
  sender: Sender,
  { request: { plan, target, body }, headers }: SignedRequest,
  options: ExchangeOptions,
): Promise<Answer> {
  const { method } = plan;
  const { origin, path } = target;
  return new Promise((resolve, reject) => {
    const handler = new Exchange(options, resolve, reject);
    // The deadline is the exchange's own: it covers connecting, headers and body together.
    sender.dispatch(
      { origin, path, method, headers, body: body.content, headersTimeout: 0, bodyTimeout: 0 },
      handler,
    );
  });
}
