/** The HTTP server for metrics, on its own port, which can stay closed to the clients of the API. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { Metrics } from './metrics.ts';
import { textFormat } from './prometheus.ts';

const path = '/metrics';

/**
 * An HTTP server that serves one path. The caller makes it listen.
 *
 * @param options the limits on time
 */
export function createMetricsServer(metrics: Metrics, options: ServerOptions): Server {
  return createServer(options, (request, response) => {
    const { method = '', url = '' } = request;
    const respond = (status: number, type: string, text: string, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff', ...headers })
        .end(method === 'HEAD' ? undefined : text);
    if (url.replace(/\?.*$/s, '') !== path) respond(404, plain, `Not found. Metrics are at ${path}.\n`);
    else if (method !== 'GET' && method !== 'HEAD')
      respond(405, plain, 'Method not allowed. Use GET.\n', { Allow: 'GET, HEAD' });
    else respond(200, textFormat, metrics.write(), { 'Cache-Control': 'no-store' });
  });
}

const plain = 'text/plain; charset=utf-8';
