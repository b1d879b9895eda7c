/** The metrics on a port of their own, which need not be open to whoever may use the API. */
import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.ts';
import { textFormat } from './prometheus.ts';

const path = '/metrics';

/** Milliseconds for a request: there is nothing to send but a few headers. */
const timeoutMs = 5_000;

/** An HTTP server that answers one path and is not listening yet. */
export function createMetricsServer(metrics: Metrics): Server {
  return createServer({ headersTimeout: timeoutMs, requestTimeout: timeoutMs }, (request, response) => {
    const { method = '', url = '' } = request;
    const answer = (status: number, type: string, text: string, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff', ...headers })
        .end(method === 'HEAD' ? undefined : text);
    if (url.replace(/\?.*$/s, '') !== path) answer(404, plain, `There is nothing here but ${path}.\n`);
    else if (method !== 'GET' && method !== 'HEAD') answer(405, plain, 'GET only.\n', { Allow: 'GET, HEAD' });
    else answer(200, textFormat, metrics.write(), { 'Cache-Control': 'no-store' });
  });
}

const plain = 'text/plain; charset=utf-8';
