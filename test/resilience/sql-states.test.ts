/** HTTP status for each class of PostgreSQL errors, which the database raises. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseProblem } from '../../src/database/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.remove());

test.each([
  ['08006', 503, 'database_unavailable'],
  ['08P01', 503, 'database_unavailable'],
  ['53100', 503, 'database_unavailable'],
  ['53200', 503, 'database_unavailable'],
  ['53300', 503, 'database_unavailable'],
  ['57P01', 503, 'database_unavailable'],
  ['57P02', 503, 'database_unavailable'],
  ['57P03', 503, 'database_unavailable'],
  ['57014', 504, 'timeout'],
  ['55P03', 504, 'timeout'],
  ['40001', 503, 'database_unavailable'],
  ['40P01', 503, 'database_unavailable'],
  ['25P03', 503, 'database_unavailable'],
  ['25P04', 503, 'database_unavailable'],
  ['25006', 503, 'database_unavailable'],
  ['22P02', 500, 'internal_error'],
  ['23505', 500, 'internal_error'],
  ['3F000', 503, 'database_unavailable'],
  ['42P01', 503, 'database_unavailable'],
  ['42501', 500, 'internal_error'],
  ['XX000', 500, 'internal_error'],
])('%s is a %i', async (code, status, problem) => {
  const raising = database.query(`do $$ begin raise exception 'caused' using errcode = '${code}'; end $$`);
  const error = await raising.catch((raised: unknown) => raised);
  expect(error).toMatchObject({ code });
  const { headers, ...answered } = databaseProblem(error);
  expect({ status: answered.status, code: answered.code }).toEqual({ status, code: problem });
  expect(headers).toEqual(status === 500 ? {} : { 'Retry-After': '1' });
});

test.each([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])('a connection that fails with %s is a 503', (code) => {
  const { status } = databaseProblem(Object.assign(new Error('certificate'), { code }));
  expect(status).toBe(503);
});
