/** `/metrics` and `/health`: for machines that look after the daemon. */
import type { FastifyInstance } from 'fastify';

export interface Health {
  isConsuming: () => boolean;
  isStoring: () => boolean;
}

/** Says whether the process lives, and whether it can do its work. */
export function healthRoutes(server: FastifyInstance, { isConsuming, isStoring }: Health): void {
  const schema = { hide: true };
  server.get('/health/live', { schema }, () => Promise.resolve({ status: 'ok' }));
  server.get('/health/ready', { schema }, (_request, reply) => {
    const parts = { bus: isConsuming(), store: isStoring() };
    const isReady = parts.bus && parts.store;
    return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'fail', ...parts });
  });
}

export interface ShownMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}

export function metricsRoute(
  server: FastifyInstance,
  metrics: ShownMetrics,
  schema: object = { hide: true },
): void {
  server.get('/metrics', { schema }, async (_request, reply) => {
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
}
