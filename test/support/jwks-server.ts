/** A real JWKS endpoint with configurable faults. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JwksServer {
  readonly url: string;
  /** Requests so far, on any path. */
  readonly requests: number;
  /** The requested paths, in order. */
  readonly paths: readonly string[];
  /** Responds with this document from now on. */
  serve(document: unknown): void;
  /** Responds by this function from now on. */
  behave(listener: RequestListener): void;
  /** Stops listening: connections are refused. May be called more than once. */
  close(): Promise<void>;
}

/** Starts an endpoint on a free port of this machine. */
export async function startJwksServer(document: unknown = { keys: [] }): Promise<JwksServer> {
  const paths: string[] = [];
  let listener = answering(document);
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    get requests() {
      return paths.length;
    },
    paths,
    serve(next) {
      listener = answering(next);
    },
    behave(next) {
      listener = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answering(document: unknown): RequestListener {
  return (_, response) => {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document));
  };
}

/** Faults for `behave`. */
export const misbehaviours = {
  hangs: () => {},
  'sends its headers and hangs': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
  },
  'drips a byte now and then': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const dripping = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(dripping));
  },
  'closes the connection': (request) => {
    request.socket.destroy();
  },
  'answers 500': (_, response) => {
    response.writeHead(500, { 'Content-Type': 'application/json' }).end('{"keys":[]}');
  },
  'answers 204': (_, response) => {
    response.writeHead(204).end();
  },
  'answers HTML': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Welcome</title>');
  },
  'answers {"keys":"x"}': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"keys":"x"}');
  },
  'answers two members named keys': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"keys":[],"keys":[]}');
  },
  'answers with 101 keys': (_, response) => {
    response.writeHead(200).end(JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) }));
  },
  'sends 100 MB': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    pour(response, Buffer.alloc(64 * 1024, ' '), 1_600);
  },
  redirects: (_, response) => {
    response.writeHead(302, { Location: '/elsewhere' }).end();
  },
} satisfies Record<string, RequestListener>;

/** Writes a chunk repeatedly, with backpressure, until the client closes the connection; then a JWK Set. */
function pour(response: ServerResponse, chunk: Buffer, times: number): void {
  let left = times;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end('{"keys":[]}');
  };
  more();
}
