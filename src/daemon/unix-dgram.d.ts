declare module 'unix-dgram' {
  import type { EventEmitter } from 'node:events';

  interface DatagramSocket extends EventEmitter {
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      path: string,
      callback?: (error?: Error) => void,
    ): void;
    bind(path: string): void;
    close(): void;
  }

  export function createSocket(type: 'unix_dgram'): DatagramSocket;
}
