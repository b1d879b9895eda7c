/** Skips the tests of a project whose database there is not. */
import { beforeEach, inject } from 'vitest';
import { databaseKind } from './databases.ts';

beforeEach((context) => {
  context.skip(databaseKind === 'postgres' && inject('postgresUrl') === null, inject('postgresMissing'));
});
