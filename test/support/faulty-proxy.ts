/** A TCP proxy that simulates a bad network: delays, lost data, resets and slow transfer. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A message with this text is forwarded, and its response is replaced by a reset or dropped; `once`: of one message only. */
interface LostAnswer {
  readonly type: 'lose answer';
  readonly to: string;
  readonly by: 'reset' | 'silence';
  readonly once?: boolean;
}

/** The fault on all connections, including open ones, from the moment it is set. */
export type Fault =
  | { readonly type: 'none' }
  /** Delay of every chunk in both directions. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Connections stay open, new ones are accepted, and all data is dropped. */
  | { readonly type: 'black hole' }
  /** New connections are accepted and delayed, as by a database that resumes. */
  | { readonly type: 'slow to accept'; readonly ms: number }
  /** Responses of the database arrive a few bytes at a time. */
  | { readonly type: 'drip'; readonly bytes: number; readonly ms: number }
  | LostAnswer;

export interface FaultyProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** The number of open connections, and of all connections so far. */
  readonly open: number;
  readonly accepted: number;
  /** The number of responses dropped by `lose answer`. */
  readonly losses: number;
  cause(fault: Fault): void;
  /** Resets (RST) every open connection. */
  reset(): void;
  close(): Promise<void>;
}

/** @param port port to listen on; 0 selects a free port */
export async function startFaultyProxy(databaseUrl: string, port = 0): Promise<FaultyProxy> {
  const target = new URL(databaseUrl);
  const clients = new Set<Socket>();
  let accepted = 0;
  let losses = 0;
  let fault: Fault = { type: 'none' };

  const server = createServer({ noDelay: true }, (client) => {
    accepted += 1;
    clients.add(client);
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    // Chunks arrive in order, independent of their delays.
    let towardsServer: Promise<void> = fault.type === 'slow to accept' ? pause(fault.ms) : Promise.resolve();
    let towardsClient: Promise<void> = Promise.resolve();
    let lost: LostAnswer | undefined;
    client.on('data', (chunk) => {
      if (fault.type === 'lose answer' && chunk.includes(fault.to)) {
        lost = fault;
        if (fault.once) fault = { type: 'none' };
      }
      const arrival = arrivalOf();
      towardsServer = towardsServer.then(() => pass(chunk, upstream, arrival));
    });
    upstream.on('data', (chunk) => {
      if (lost) {
        losses += 1;
        if (lost.by === 'reset') client.resetAndDestroy();
        return;
      }
      const arrival = arrivalOf();
      towardsClient = towardsClient.then(() =>
        fault.type === 'drip' ? drip(chunk, client) : pass(chunk, client, arrival),
      );
    });
    client
      .on('error', () => {})
      .on('close', () => {
        clients.delete(client);
        upstream.destroy();
      });
    upstream
      .on('error', () => {})
      .on('close', () => {
        if (fault.type !== 'black hole') void towardsClient.then(() => client.destroy());
      });
  });

  /** The due time of a chunk that is sent now. Delays of consecutive chunks do not add up. */
  function arrivalOf(): number {
    return performance.now() + (fault.type === 'delay' ? fault.ms : 0);
  }

  async function pass(chunk: Buffer, to: Socket, arrival: number): Promise<void> {
    const early = arrival - performance.now();
    if (early > 0) await pause(early);
    if (fault.type !== 'black hole' && !to.destroyed) to.write(chunk);
  }

  async function drip(chunk: Buffer, to: Socket): Promise<void> {
    for (let start = 0; start < chunk.length && !to.destroyed; ) {
      const { bytes, ms } = fault.type === 'drip' ? fault : { bytes: chunk.length, ms: 0 };
      to.write(chunk.subarray(start, start + bytes));
      start += bytes;
      await pause(ms);
    }
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  const reset = () => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    url: url.href,
    get open() {
      return clients.size;
    },
    get accepted() {
      return accepted;
    },
    get losses() {
      return losses;
    },
    cause(next) {
      fault = next;
    },
    reset,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        reset();
      }),
  };
}

/** Does not keep the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
