/** From the configuration to what amqplib wants to connect. */
import { readFileSync } from 'node:fs';
import type { Options, SocketOptions } from 'amqplib';
import type { Config } from '../config/schema.ts';
import { messageOf, UserError } from '../errors.ts';

/** Where the broker is and how to talk to it. */
export interface BrokerAddress {
  connect: Options.Connect;
  socket: SocketOptions;
  /** For logs: user, host, port and vhost, never the password. */
  label: string;
}

/** Throws {@link UserError} when a certificate or key cannot be read. */
export function brokerAddress(bus: Config['bus']): BrokerAddress {
  const connect = bus.url === null ? fromParts(bus) : fromUrl(bus.url);
  const { protocol, username, hostname, port, vhost } = connect;
  return {
    connect: { ...connect, heartbeat: bus.heartbeat },
    socket: {
      noDelay: true,
      timeout: bus.connectTimeout * 1000,
      clientProperties: { connection_name: 'webhookd' },
      ...(protocol === 'amqps' ? tlsOptions(bus.tls) : {}),
    },
    label: `${protocol}://${username}@${hostname}:${port}/${vhost === '%2F' ? '' : vhost}`,
  };
}

function fromParts(
  bus: Config['bus'],
): Required<
  Pick<Options.Connect, 'protocol' | 'username' | 'password' | 'hostname' | 'port' | 'vhost'>
> {
  const { username, password, host: hostname, port, vhost } = bus;
  return { protocol: 'amqp', username, password, hostname, port, vhost: encodeURIComponent(vhost) };
}

function fromUrl(address: string): ReturnType<typeof fromParts> {
  const url = new URL(address);
  const protocol = url.protocol.slice(0, -1);
  return {
    protocol,
    username: url.username === '' ? 'guest' : decodeURIComponent(url.username),
    password: url.username === '' ? 'guest' : decodeURIComponent(url.password),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (protocol === 'amqps' ? 5671 : 5672) : Number(url.port),
    // amqplib decodes the vhost itself; `amqp://host` and `amqp://host/` both mean the vhost `/`.
    vhost: url.pathname.length > 1 ? url.pathname.slice(1) : '%2F',
  };
}

function tlsOptions(tls: Config['bus']['tls']): SocketOptions {
  const read = (key: string, file: string | null) => {
    if (file === null) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      throw new UserError(`bus.tls.${key}: ${file} cannot be read: ${messageOf(error)}`, 2, {
        cause: error,
      });
    }
  };
  return {
    ca: read('ca_file', tls.caFile),
    cert: read('cert_file', tls.certFile),
    key: read('key_file', tls.keyFile),
    rejectUnauthorized: tls.verifyCertificate,
  };
}
