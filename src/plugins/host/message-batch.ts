/** Between a host and the daemon every message costs a call of the system: those of one turn of the event loop go together. */
import type { Message } from './wire.ts';

export class MessageBatch {
  #messages: Message[] = [];

  /**
   * @param send gets the messages in the order in which they came
   * @param refuse gets a message that cannot be sent, such as one nested too deeply for JSON
   */
  constructor(
    private readonly send: (messages: Message[]) => void,
    private readonly refuse: (message: Message, error: unknown) => void,
  ) {}

  post(message: Message): void {
    if (this.#messages.push(message) === 1) setImmediate(() => this.flush());
  }

  /** Sends what there is now. */
  flush(): void {
    if (this.#messages.length > 0) this.#send(this.#messages.splice(0));
  }

  /** One that cannot be sent keeps no other from being sent. */
  #send(messages: Message[]): void {
    try {
      this.send(messages);
    } catch (error) {
      const [first, ...others] = messages;
      if (first === undefined) return;
      if (others.length === 0) this.refuse(first, error);
      else for (const message of messages) this.#send([message]);
    }
  }
}
