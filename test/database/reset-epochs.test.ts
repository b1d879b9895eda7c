/** `todo-api reset-sync`: new epochs for the change numbers of all users. */
import { beforeEach, describe, expect, test } from 'vitest';
import { resetEpochs } from '../../src/changes/reset-epochs.ts';
import { migrate } from '../../src/database/schema/migrate.ts';
import { startApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { databaseOfPlainLogin, tablesWithoutForce } from '../support/plain-login.ts';
import { allTasks, SyncedCopy } from '../support/synced-copy.ts';

test('every client begins with a snapshot, and then continues', async () => {
  const api = await startApi();
  const users = [api.user(), api.user()];
  const copies: SyncedCopy[] = [];
  for (const user of users) {
    await user.post('/api/v1/tasks', { title: 'one' });
    copies.push(await new SyncedCopy().catchUp(user));
  }
  expect(await resetEpochs(api.database.driver)).toBe(2);
  for (const [index, user] of users.entries()) {
    const copy = copies[index] as SyncedCopy;
    await user.post('/api/v1/tasks', { title: 'two' });
    expect(await copy.readPage(user)).toMatchObject({ reset: true, changes: [{ op: 'put' }, { op: 'put' }] });
    expect(copy.list).toEqual(await allTasks(user));
    expect(await copy.readPage(user)).toMatchObject({ reset: false, changes: [] });
  }
});

describe('a login that owns the tables and is subject to the policies', () => {
  beforeEach((context) => {
    context.skip(databaseKind === 'embedded', 'the embedded database has one login');
  });

  test('resets the epochs of all users, and leaves the policies forced', async () => {
    const { driver, admin } = await databaseOfPlainLogin();
    await migrate(driver);
    await admin.query(`insert into todo.heads (owner_id, seq) values ('ada', 7), ('bob', 8)`);
    const { rows: before } = await admin.query<{ epoch: string }>('select epoch from todo.heads');
    expect(await resetEpochs(driver)).toBe(2);
    const { rows } = await admin.query('select owner_id, seq::integer, epoch from todo.heads order by 1');
    expect(rows).toMatchObject([
      { owner_id: 'ada', seq: 7 },
      { owner_id: 'bob', seq: 8 },
    ]);
    for (const { epoch } of rows) expect(before.map((head) => head.epoch)).not.toContain(epoch);
    expect(await tablesWithoutForce(admin)).toEqual([]);
  });
});
