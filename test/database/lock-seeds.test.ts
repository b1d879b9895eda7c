/** Advisory locks: those of one purpose never wait for those of another. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lockSeeds } from '../../src/idempotency/lock-seeds.ts';
import { startApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';

test('each purpose has a seed of its own, and no other module hashes a text for a lock', () => {
  const seeds = Object.values(lockSeeds);
  expect(new Set(seeds).size).toBe(seeds.length);
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const uses = sources.flatMap((file) => readFileSync(`src/${file}`, 'utf8').match(/hashtext\w*\(.*/g) ?? []);
  expect(uses).toHaveLength(seeds.length);
  for (const use of uses) expect(use).toContain('${lockSeeds.');
});

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has one connection', () => {
  test('a key is free while the user whose id is its text writes, and the other way round', async () => {
    const api = await startApi();
    const hold = (seed: number) => ({
      text: 'select pg_advisory_xact_lock(hashtextextended($1, $2::bigint))',
      values: ['ada k', seed],
    });
    await api.database.driver.withMigrationClient(async (client) => {
      await client.query('begin');
      await client.query(hold(lockSeeds.turn));
      const keyed = await api.user('ada').post('/api/v1/tasks', { title: 'x' }, { 'Idempotency-Key': 'k' });
      expect(keyed.status).toBe(201);
      await client.query('rollback');
      await client.query('begin');
      await client.query(hold(lockSeeds.idempotencyKey));
      expect((await api.user('ada k').post('/api/v1/tasks', { title: 'x' })).status).toBe(201);
      await client.query('rollback');
    });
  });
});
