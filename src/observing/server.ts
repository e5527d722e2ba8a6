/** `/metrics` and `/health`: for machines that look after the daemon. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface Health {
  isConsuming: () => boolean;
  /** Why nothing can be committed; undefined when all is well. */
  storeFailure: () => string | undefined;
}

/** Says whether the process lives, and whether it can do its work. */
export function healthRoutes(server: FastifyInstance, health: Health): void {
  const schema = { hide: true };
  server.get('/health/live', { schema }, () => Promise.resolve({ status: 'ok' }));
  server.get('/health/ready', { schema }, (_request, reply) => {
    const storeFailure = health.storeFailure();
    const parts = { bus: health.isConsuming(), store: storeFailure === undefined };
    const reasons = [
      ...(parts.bus ? [] : ['no events are consumed: the log says why']),
      ...(parts.store ? [] : [`nothing can be committed: ${storeFailure}`]),
    ];
    const isReady = reasons.length === 0;
    return reply.status(isReady ? 200 : 503).send({
      status: isReady ? 'ok' : 'fail',
      ...parts,
      reason: isReady ? null : reasons.join('; '),
    });
  });
}

export interface ShownMetrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** @param check throws when somebody asks who may not */
export function metricsRoute(
  server: FastifyInstance,
  metrics: ShownMetrics,
  {
    schema = { hide: true },
    check = () => undefined,
  }: { schema?: object; check?: (request: FastifyRequest) => void } = {},
): void {
  server.get('/metrics', { schema }, async (request, reply) => {
    check(request);
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
}
