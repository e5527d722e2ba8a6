/** Between a host and the daemon every message costs a call of the system: those of one turn of the event loop go together. */

export class MessageBatch {
  #messages: object[] = [];

  /** @param send gets the messages in the order in which they came */
  constructor(private readonly send: (messages: object[]) => void) {}

  post(message: object): void {
    if (this.#messages.push(message) === 1) setImmediate(() => this.flush());
  }

  /** Sends what there is now. */
  flush(): void {
    if (this.#messages.length > 0) this.send(this.#messages.splice(0));
  }
}
