/** The API under test: a listening server, its own issuer, and real tokens. */
import { onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type Environment, loadConfig } from '../../src/config/load.ts';
import type { UserDatabase } from '../../src/database/user-database.ts';
import { createLog } from '../../src/observability/log.ts';
import type { ServerLimits } from '../../src/server/limits.ts';
import { startServer } from '../../src/server/server.ts';
import { createServices } from '../../src/services.ts';
import { connectAgain, createTestDatabase, type TestDatabase, testSecret } from './databases.ts';
import { documentOf, expectDocumented, type OpenApiDocument } from './document.ts';
import { firstEvent, isEventStream } from './event-stream.ts';
import { type JwksServer, startJwksServer } from './jwks-server.ts';
import { expectCleanLog, noteSecret, noteSecrets } from './log-scan.ts';
import { freePort } from './postgres-server.ts';
import { makeIssuer, type TestIssuer } from './tokens.ts';

export interface Answer<Body = any> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; null without a body. */
  readonly body: Body;
  readonly text: string;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; strings and bytes are sent unchanged. */
  readonly body?: unknown;
}

export interface Client {
  readonly userId: string | null;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface TestApi {
  readonly url: string;
  readonly config: Config;
  readonly database: TestDatabase;
  readonly issuer: TestIssuer;
  readonly jwks: JwksServer;
  /** The parsed lines of the log so far. */
  readonly log: readonly Record<string, unknown>[];
  /** A token of the issuer for a user, with the usual claims and additional ones. */
  token(userId: string, claims?: object): string;
  /** A client with a token of this user, by default a new user per call. */
  user(userId?: string, claims?: object): Client;
  /** A client without a token, or with this `Authorization` header. */
  anonymous(authorization?: string): Client;
  /** @returns whether all requests in progress finished */
  stop(): Promise<boolean>;
}

export interface TestApiOptions {
  /** Variables that override the defaults of the tests: a JWKS issuer and a free port. */
  readonly environment?: Environment;
  /** Stop it at the end of the test file instead of the test. */
  readonly keep?: boolean;
  /** Wraps the connections of the server to observe or change its queries. */
  readonly asUser?: (database: UserDatabase) => UserDatabase;
  /** Another server, on whose PostgreSQL database and with whose issuer this one runs. */
  readonly beside?: TestApi;
  /** Replace the default limits on connections. */
  readonly limits?: Partial<ServerLimits>;
}

let users = 0;

/** Starts the API on its own database. It stops at the end of the test, or by `stop` with `keep`. */
export async function startApi({
  environment = {},
  keep = false,
  asUser = (database) => database,
  beside,
  limits = {},
}: TestApiOptions = {}): Promise<TestApi> {
  const issuer = beside?.issuer ?? makeIssuer();
  const jwks = beside?.jwks ?? (await startJwksServer(issuer.jwks));
  const port = await freePort();
  const jwksMode = {
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: jwks.url,
    AUTH_ISSUER: 'https://issuer.test',
    AUTH_AUDIENCE: 'todo',
  };
  const loaded = loadConfig({
    PORT: String(port),
    DATABASE_URL: 'pglite:memory',
    // Longer than the default, for a busy machine.
    DATABASE_TIMEOUT_MS: '20000',
    BETTER_AUTH_SECRET: testSecret,
    // Off except in tests of limits, because the suite sends more requests than a user.
    RATE_LIMIT_PER_MINUTE: '0',
    AUTH_FAILURES_PER_MINUTE: '0',
    SIGN_UPS_PER_HOUR: '0',
    ...(environment.AUTH_MODE ? {} : jwksMode),
    ...environment,
  });
  const { poolMax, timeoutMs } = loaded.database;
  const database = beside ? connectAgain(beside.database) : await createTestDatabase({ poolMax, timeoutMs });
  const config: Config = { ...loaded, database: database.config };
  const log: Record<string, unknown>[] = [];
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    log.push(JSON.parse(line));
  };
  const services = await createServices(config, {
    driver: database.driver,
    log: createLog('info', { write }),
  });
  const observed = { ...services.database, asUser: asUser(services.database.asUser) };
  const server = await startServer({ ...services, database: observed }, limits);
  await server.ready;

  const url = `http://127.0.0.1:${port}`;
  const end = async () => {
    const finished = await server.stop();
    if (!beside) await jwks.close();
    await database.remove();
    expectCleanLog(lines);
    return finished;
  };
  let ending: Promise<boolean> | undefined;
  const stop = () => {
    ending ??= end();
    return ending;
  };
  if (!keep) onTestFinished(async () => void (await stop()));

  const token = (userId: string, claims: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: 'https://issuer.test', aud: 'todo', iat: now, exp: now + 900, sub: userId, ...claims };
    const signed = issuer.sign(all);
    noteSecret(signed);
    return signed;
  };
  const served = documentOf(config);
  return {
    url,
    config,
    database,
    issuer,
    jwks,
    log,
    token,
    user(userId = nextUser(), claims = {}) {
      return client(url, served, userId, `Bearer ${token(userId, claims)}`);
    },
    anonymous: (authorization) => client(url, served, null, authorization),
    stop,
  };
}

function nextUser(): string {
  users += 1;
  return `user-${process.pid}-${users}`;
}

function client(
  url: string,
  served: OpenApiDocument,
  userId: string | null,
  authorization: string | undefined,
): Client {
  const request: Client['request'] = async (method, path, { headers = {}, body } = {}) => {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const sent = {
      ...(authorization !== undefined && { Authorization: authorization }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    };
    noteSecrets(new Headers(sent), body);
    const received = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: sent,
      ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const response = isEventStream(received) ? await firstEvent(received) : received;
    await expectDocumented(method, `${url}${path}`, response, served);
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '') && text !== '';
    const parsed = isJson ? JSON.parse(text) : null;
    noteSecrets(response.headers, parsed);
    return { status: response.status, headers: response.headers, body: parsed, text };
  };
  return {
    userId,
    request,
    get: (path, headers = {}) => request('GET', path, { headers }),
    post: (path, body, headers = {}) => request('POST', path, { headers, body }),
    put: (path, body, headers = {}) => request('PUT', path, { headers, body }),
    patch: (path, body, headers = {}) => request('PATCH', path, { headers, body }),
    delete: (path, headers = {}) => request('DELETE', path, { headers }),
  };
}
