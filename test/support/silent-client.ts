/** A client on a socket that reads only when a test demands it, or never. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export interface SilentClient {
  readonly socket: Socket;
  /** Reads one response, of which it returns the status. */
  status(): Promise<number>;
  /** Reads a number of bytes per interval, and returns all bytes when the server has closed or `total` is reached. */
  readSlowly(bytes: number, everyMs: number, total: number): Promise<number>;
  /** Reads everything until the server closes the connection. */
  readAll(): Promise<string>;
  /** Whether the server has closed the connection. Reads and drops what has arrived. */
  isClosed(): Promise<boolean>;
}

/** Connects and sends bytes. The connection closes at the end of the test. */
export async function silentClient(url: string, bytes: string): Promise<SilentClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.on('error', () => {}).pause();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  const closed = new Promise<void>((resolve) => {
    socket.once('end', resolve).once('close', () => resolve());
  });
  return {
    socket,
    async status() {
      for (let text = ''; ; ) {
        const chunk: Buffer | null = socket.read();
        if (chunk) text += chunk;
        const status = /^HTTP\/1\.1 (\d+).*\r\n\r\n/s.exec(text)?.[1];
        if (status) return Number(status);
        if (!chunk) await once(socket, 'readable');
      }
    },
    async readSlowly(size, everyMs, total) {
      let received = 0;
      let isOver = false;
      closed.then(() => {
        isOver = true;
      });
      while (received < total && !isOver) {
        for (let left = size; left > 0 && received < total; ) {
          const chunk: Buffer | null = socket.read();
          if (!chunk) break;
          received += chunk.length;
          left -= chunk.length;
        }
        await delay(everyMs);
      }
      return received;
    },
    async readAll() {
      const received: Buffer[] = [];
      socket.on('data', (chunk) => received.push(chunk)).resume();
      await closed;
      return Buffer.concat(received).toString();
    },
    async isClosed() {
      socket.resume();
      let isOver = false;
      closed.then(() => {
        isOver = true;
      });
      // After a pause of the machine, the timer is first, and then what has arrived.
      await Promise.race([
        closed,
        delay(100)
          .then(() => nextTurn())
          .then(() => nextTurn()),
      ]);
      return isOver;
    },
  };
}
