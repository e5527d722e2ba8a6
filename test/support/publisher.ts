/** Publishes events as Wazo's services do. */
import { randomUUID } from 'node:crypto';
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';

export interface TestEvent {
  name: string;
  data: unknown;
  headers?: Record<string, unknown>;
}

export class TestPublisher {
  private constructor(
    private readonly connection: ChannelModel,
    readonly channel: ConfirmChannel,
    private readonly exchange: string,
  ) {}

  static async open(
    url: string,
    exchange = 'wazo-headers',
    type = 'headers',
  ): Promise<TestPublisher> {
    const connection = await connect(url);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertExchange(exchange, type, { durable: true });
    return new TestPublisher(connection, channel, exchange);
  }

  /** Publishes and waits for the confirms of all. */
  async publish(...events: TestEvent[]): Promise<void> {
    for (const { name, data, headers = {} } of events) {
      this.raw(
        Buffer.from(JSON.stringify({ name, origin_uuid: 'a-server', data })),
        {
          headers: { name, timestamp: new Date().toISOString(), ...headers },
          messageId: randomUUID(),
        },
        name,
      );
    }
    await this.channel.waitForConfirms();
  }

  /** Publishes whatever it is given; the confirm is to be waited for. */
  raw(content: Buffer, options: Options.Publish, routingKey = ''): void {
    this.channel.publish(this.exchange, routingKey, content, { persistent: true, ...options });
  }

  async close(): Promise<void> {
    await this.connection.close().catch(() => undefined);
  }
}
