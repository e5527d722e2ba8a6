/** Nodes of RabbitMQ that form a cluster, all of one's own. */
import { randomBytes } from 'node:crypto';
import { type Broker, nodeName, startBroker } from './broker.ts';
import { freePorts } from './ports.ts';

/** Starts so many nodes, and waits until each answers. */
export async function startCluster(count: number): Promise<Broker[]> {
  const [mapper = 0, ...rest] = await freePorts(1 + 2 * count);
  const ports = rest.slice(0, count);
  const cookie = randomBytes(16).toString('hex');
  const config = [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...ports.map(
      (port, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(port)}`,
    ),
  ].join('\n');
  const starting = ports.map((port, index) =>
    startBroker({ config, cookie, ports: [port, rest[count + index] ?? 0, mapper] }),
  );
  const started = await Promise.allSettled(starting);
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (nodes.length === count) return nodes;
  await Promise.all(nodes.map((node) => node.stop()));
  throw new Error('the cluster does not start', {
    cause: started.find((one) => one.status === 'rejected')?.reason,
  });
}
