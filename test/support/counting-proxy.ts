/** A TCP proxy in front of PostgreSQL that counts the protocol messages of the clients. */
import { type AddressInfo, connect, createServer } from 'node:net';

export interface CountingProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** The number of messages per type since the last call: `S` is Sync, `P` Parse, `Q` a simple query. */
  take(): Record<string, number>;
  close(): Promise<void>;
}

export async function startCountingProxy(databaseUrl: string): Promise<CountingProxy> {
  const target = new URL(databaseUrl);
  let counts: Record<string, number> = {};
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    let buffer = Buffer.alloc(0);
    // The first message has no type, only its length.
    let started = false;
    client.on('data', (chunk: Buffer) => {
      upstream.write(chunk);
      buffer = Buffer.concat([buffer, chunk]);
      for (;;) {
        const typeLength = started ? 1 : 0;
        if (buffer.length < typeLength + 4) return;
        const length = typeLength + buffer.readInt32BE(typeLength);
        if (buffer.length < length) return;
        const type = started ? String.fromCharCode(buffer[0] ?? 0) : 'startup';
        counts[type] = (counts[type] ?? 0) + 1;
        started = true;
        buffer = buffer.subarray(length);
      }
    });
    upstream.on('data', (chunk) => client.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
