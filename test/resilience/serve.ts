/** A server under faults: in this process, on a PostgreSQL of the test's own, with its pool to look into. */
import { onTestFinished } from 'vitest';
import { type Environment, loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/observability/log.ts';
import { startServer } from '../../src/server/server.ts';
import { createServices, type Services } from '../../src/services.ts';
import { testSecret } from '../support/databases.ts';
import { freePort } from '../support/postgres-server.ts';
import { signWithSecret } from '../support/tokens.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
  /** From asking to the last byte. */
  readonly ms: number;
}

export interface Served {
  readonly url: string;
  readonly services: Services;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const environment = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret, RATE_LIMIT_PER_MINUTE: '0' };

export function tokenFor(user: string): string {
  return signWithSecret(testSecret, { sub: user, exp: Math.floor(Date.now() / 1000) + 3_600 });
}

const log = createLog('silent');

/** Starts it, and waits until it is ready unless told not to; stopped when the test ends. */
export async function serve(variables: Environment, { isReady = true } = {}): Promise<Served> {
  const port = await freePort();
  const config = loadConfig({ ...environment, PORT: String(port), SHUTDOWN_TIMEOUT_MS: '1000', ...variables });
  const services = await createServices(config, { log });
  const server = await startServer(services);
  server.ready.catch(() => {});
  onTestFinished(async () => void (await server.stop()));
  if (isReady) await server.ready;
  const url = `http://127.0.0.1:${port}`;
  return { url, services, call: caller(url, tokenFor('ada')) };
}

export function caller(url: string, token: string): Served['call'] {
  return async (method, path, body, headers = {}) => {
    const start = performance.now();
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null, ms };
  };
}

/** Whether nothing of the pool is in use any more, and nobody waits for it. */
export function isAtRest({ database: { pool } }: Services): boolean {
  return pool.totalCount === pool.idleCount && pool.waitingCount === 0;
}
