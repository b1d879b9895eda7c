/**
 * Bare server for lists of a plain table under the policy of the API's tables. The API's driver sends role, user and list
 * in one pipeline, so that PostgreSQL does the same work for both, except for the table and the statement.
 *
 * Usage: PORT=3001 tsx bench/bare/plain-table-under-policy.ts DATABASE_URL
 */
import { openDriver } from '../../src/database/open-driver.ts';
import type { Statement } from '../../src/database/statement.ts';
import { databaseConfigOf } from '../filled-database.ts';
import { serveJson } from './json-server.ts';
import { columns, newestFirst } from './plain-schema.ts';

const driver = await openDriver(databaseConfigOf(process.argv[2] as string));

const list: Statement = {
  name: 'list',
  text: `select ${columns} from plain.tasks_under_policy where owner = $1 ${newestFirst} limit $2`,
};

serveJson(async ({ owner, query: { limit = '100' } }) => {
  const [rows] = await driver.batch({ role: 'user', userId: owner }, [{ statement: list, values: [owner, limit] }]);
  return rows;
});
