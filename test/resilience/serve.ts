/** Server for resilience tests: in this process, on a PostgreSQL server of the test, with access to its pool. */
import { onTestFinished } from 'vitest';
import { type Environment, loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/observability/log.ts';
import type { ServerLimits } from '../../src/server/limits.ts';
import { startServer } from '../../src/server/server.ts';
import { createServices, type Services } from '../../src/services.ts';
import { testSecret } from '../support/databases.ts';
import { freePort } from '../support/postgres-server.ts';
import { signWithSecret } from '../support/tokens.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
  /** Time from the request to the last byte of the answer. */
  readonly ms: number;
}

export interface Served {
  readonly url: string;
  readonly services: Services;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Stops the server before the test ends. */
  stop(): Promise<void>;
}

export const environment = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret, RATE_LIMIT_PER_MINUTE: '0' };

export function tokenFor(user: string): string {
  return signWithSecret(testSecret, { sub: user, exp: Math.floor(Date.now() / 1000) + 3_600 });
}

const log = createLog('silent');

/** Milliseconds by which a busy machine may delay an answer. Without a deadline, the answers in question would never come. */
export const delayMs = 15_000;

interface ServeOptions {
  readonly isReady?: boolean;
  /** Replace the default limits on connections. */
  readonly limits?: Partial<ServerLimits>;
}

/** Starts the server and, by default, waits until it is ready. It stops when the test ends. */
export async function serve(
  variables: Environment,
  { isReady = true, limits = {} }: ServeOptions = {},
): Promise<Served> {
  const port = await freePort();
  const config = loadConfig({ ...environment, PORT: String(port), SHUTDOWN_TIMEOUT_MS: '1000', ...variables });
  const services = await createServices(config, { log });
  const server = await startServer(services, limits);
  server.ready.catch(() => {});
  let stopped: Promise<boolean> | undefined;
  const stop = async () => {
    stopped ??= server.stop();
    await stopped;
  };
  onTestFinished(stop);
  if (isReady) await server.ready;
  const url = `http://127.0.0.1:${port}`;
  return { url, services, call: caller(url, tokenFor('ada')), stop };
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

/** Whether all connections of the pool are idle and no request waits for one. */
export function isAtRest({ database: { pool } }: Services): boolean {
  return pool.totalCount === pool.idleCount && pool.waitingCount === 0;
}
