/** Comparison of the figures in `docs/faults.md` with the code. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { providerTimeoutMs } from '../../src/auth/better-auth/social.ts';
import { jwksCacheTimes } from '../../src/auth/jwt/jwks-cache.ts';
import { loadConfig } from '../../src/config/load.ts';
import { migrationTimeoutMs } from '../../src/database/pg/migration-client.ts';
import { pingTimeoutMs } from '../../src/database/pg/ping.ts';
import {
  maxConnectionsPerSharedFlow,
  maxConnectionsPerUser,
  maxQueueLength,
  maxQueueLengthPerUser,
} from '../../src/database/pg/pool.ts';
import { connectTimeoutMs, graceMs, idleTimeoutMs } from '../../src/database/pg/postgres.ts';
import { reopenMs } from '../../src/database/pglite/pglite.ts';
import { maxInFlight } from '../../src/http/middleware/concurrency-limit.ts';
import { bodyLimit, maxBodyPieces } from '../../src/http/request/body.ts';
import { messageTimeoutMs } from '../../src/mail/smtp.ts';
import { maxHeaderCount } from '../../src/server/bad-request.ts';
import { apiLimits, maxConnections } from '../../src/server/limits.ts';
import { closeTimeoutMs } from '../../src/server/server.ts';
import { taskBodyLimit } from '../../src/tasks/schemas.ts';
import { environment } from './serve.ts';

const text = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');

/** The second column of each row of a section's table, by the name in its third or first. */
function documented(heading: string): [string, string][] {
  const [, section = ''] = text.split(`## ${heading}\n`);
  // The first table of the section. Later tables hold measurements.
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  const rows = table.trim().split('\n');
  return rows.slice(2).map((row) => {
    const [, what = '', limit = '', where = ''] = row.split('|').map((cell) => cell.trim());
    return [/`(\w+)`/.exec(where)?.[1] ?? what, limit];
  });
}

test('deadlines', () => {
  const { database, server } = loadConfig({ ...environment, DATABASE_URL: 'pglite:memory' });
  expect(documented('Deadlines')).toEqual(
    Object.entries({
      headersTimeoutMs: apiLimits.headersTimeoutMs,
      requestTimeoutMs: apiLimits.requestTimeoutMs,
      keepAliveTimeoutMs: apiLimits.keepAliveTimeoutMs,
      excessIdleMs: apiLimits.excessIdleMs,
      writeTimeoutMs: apiLimits.writeTimeoutMs,
      readResponseTimeoutMs: apiLimits.readResponseTimeoutMs,
      lingerMs: apiLimits.lingerMs,
      DATABASE_TIMEOUT_MS: database.timeoutMs,
      reopenMs,
      connectTimeoutMs,
      statement: database.timeoutMs,
      graceMs,
      migrationTimeoutMs,
      idleTimeoutMs,
      pingTimeoutMs,
      messageTimeoutMs,
      providerTimeoutMs,
      jwksCacheTimes: jwksCacheTimes.fetchTimeout,
      SHUTDOWN_TIMEOUT_MS: server.shutdownTimeoutMs,
      closeTimeoutMs,
    }).map(([name, ms]) => [name === 'statement' ? 'DATABASE_TIMEOUT_MS' : name, String(ms)]),
  );
});

test('limits', () => {
  const { database } = loadConfig({ ...environment, DATABASE_URL: 'pglite:memory' });
  const limits = documented('Bounds').map(([, limit]) => limit);
  const sizes = [bodyLimit, taskBodyLimit].map((bytes) => `${bytes / 1024} KiB`);
  const queue = [maxConnectionsPerUser, maxConnectionsPerSharedFlow, maxQueueLength, maxQueueLengthPerUser];
  const { maxIdleConnections, maxHeldBytes, maxPipelined } = apiLimits;
  const held = `${maxHeldBytes / 1024 / 1024} MiB`;
  const connections = [maxConnections, maxIdleConnections, maxPipelined, held];
  expect(limits).toEqual(
    [database.poolMax, ...queue, maxInFlight, ...connections, maxHeaderCount, ...sizes, maxBodyPieces].map(String),
  );
});
