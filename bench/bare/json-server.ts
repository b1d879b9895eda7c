/** HTTP server of the bare handlers: JSON, without tokens, validation, limits or a log. */
import { createServer, type IncomingMessage } from 'node:http';

export interface BareRequest {
  readonly method: string;
  /** The header `X-Owner`. */
  readonly owner: string;
  /** Of the task in the path. */
  readonly id: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** Undefined without a body. */
  readonly body: unknown;
}

/**
 * Listens on the port of the environment variable PORT.
 *
 * @param handle returns the body of a response with status 200, or undefined for 404
 */
export function serveJson(handle: (request: BareRequest) => Promise<unknown>): void {
  createServer(async (request, response) => {
    try {
      const body = await handle(await parse(request));
      const text = JSON.stringify(body ?? null);
      response
        .writeHead(body === undefined ? 404 : 200, {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(text),
        })
        .end(text);
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  }).listen(Number(process.env.PORT), '127.0.0.1');
}

async function parse(request: IncomingMessage): Promise<BareRequest> {
  const { method = 'GET', headers } = request;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return {
    method,
    owner: String(headers['x-owner']),
    id: pathname.split('/')[4],
    query: Object.fromEntries(searchParams),
    body: method === 'GET' ? undefined : await json(request),
  };
}

async function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}
