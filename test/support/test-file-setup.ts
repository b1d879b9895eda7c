/** Setup of each test file on a database. Files share a process and its modules, so the state of the last file ends here. */
import { beforeEach, inject, vi } from 'vitest';
import { databaseKind } from './databases.ts';
import { forgetSecrets } from './log-scan.ts';

vi.restoreAllMocks();
vi.useRealTimers();
forgetSecrets();

beforeEach((context) => {
  context.skip(databaseKind === 'postgres' && inject('postgresUrl') === null, inject('postgresMissing'));
});
