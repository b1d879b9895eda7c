/** Skips the tests of a project if its database is not available. */
import { beforeEach, inject } from 'vitest';
import { databaseKind } from './databases.ts';

beforeEach((context) => {
  context.skip(databaseKind === 'postgres' && inject('postgresUrl') === null, inject('postgresMissing'));
});
