/** Transaction of a request to the embedded issuer: conditions of commit and rollback. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { IssuerDatabase } from '../../src/auth/better-auth/issuer-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

let database: TestDatabase;
let issuer: IssuerDatabase;

beforeAll(async () => {
  // One connection: a request that needs a second one would wait for itself.
  database = await createTestDatabase({ poolMax: 1, timeoutMs: 2_000 });
  issuer = new IssuerDatabase(database.driver.pool, 2_000);
});
afterAll(() => database.remove());
beforeEach(async () => void (await database.query('delete from todo_auth."user"')));

const insert = (id: string) => issuer.query('insert into todo_auth."user" (id, name, email) values ($1, $1, $1)', [id]);
const select = () => issuer.query('select id from todo_auth."user" order by id');
const ids = async () => (await database.query<{ id: string }>('select id from todo_auth."user"')).map(({ id }) => id);
const answer = (status: number) => new Response(null, { status });

describe('commits', () => {
  test.each([200, 204, 302, 401, 422])(
    'with status %i, because Better Auth may have stored something',
    async (status) => {
      const response = await issuer.inTransaction(async () => {
        await insert('a');
        return answer(status);
      });
      expect(response.status).toBe(status);
      expect(await ids()).toEqual(['a']);
    },
  );

  test('after all concurrent reads and writes, on a single connection', async () => {
    await issuer.inTransaction(async () => {
      await Promise.all([select(), insert('a'), select(), insert('b'), select(), insert('c')]);
      return answer(200);
    });
    expect(await ids()).toHaveLength(3);
  });

  test('statements that the handler did not wait for', async () => {
    await issuer.inTransaction(async () => {
      void insert('a');
      return answer(200);
    });
    expect(await ids()).toEqual(['a']);
  });
});

describe('rolls back', () => {
  test('with status 500', async () => {
    const response = await issuer.inTransaction(async () => {
      await insert('a');
      return answer(500);
    });
    expect(response.status).toBe(500);
    expect(await ids()).toEqual([]);
  });

  test('if the handler rejects', async () => {
    const failing = issuer.inTransaction(async () => {
      await insert('a');
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    expect(await ids()).toEqual([]);
  });

  test('a rejected statement and the statements before it, and sends none after it', async () => {
    const response = await issuer.inTransaction(async () => {
      await insert('a');
      await expect(insert('a')).rejects.toMatchObject({ code: '23505' });
      await expect(insert('b')).rejects.toMatchObject({ code: '23505' });
      return answer(422);
    });
    expect(response.status).toBe(422);
    expect(await ids()).toEqual([]);
  });

  test('if a statement failed but the handler reports success; the response is 500', async () => {
    const failing = issuer.inTransaction(async () => {
      await insert('a');
      await insert('a').catch(() => {});
      return answer(200);
    });
    await expect(failing).rejects.toMatchObject({ code: 'internal_error' });
    expect(await ids()).toEqual([]);
  });

  test('the whole request if one of Better Auth’s own transactions fails', async () => {
    const response = await issuer.inTransaction(async () => {
      await insert('a');
      const work = issuer.transact(async () => {
        await insert('b');
        throw new Error('failed');
      });
      await expect(work).rejects.toThrow('failed');
      return answer(422);
    });
    expect(response.status).toBe(422);
    expect(await ids()).toEqual([]);
  });

  test('after a database failure, whatever the handler answers', async () => {
    const failing = issuer.inTransaction(async () => {
      await insert('a');
      await issuer.query('select * from todo_auth.nothing').catch(() => {});
      return answer(401);
    });
    await expect(failing).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(await ids()).toEqual([]);
  });
});

test('a transaction has timeouts, so that it ends if this server loses its connection', async () => {
  const settings =
    "select current_setting('statement_timeout') as one, current_setting('idle_in_transaction_session_timeout') as other";
  await issuer.inTransaction(async () => {
    await insert('a');
    expect((await issuer.query(settings)).rows).toEqual([{ one: '2s', other: '2s' }]);
    return answer(200);
  });
});

test('no statement runs for a request that has been answered', async () => {
  let end = () => {};
  const answered = new Promise<void>((resolve) => {
    end = resolve;
  });
  let late: Promise<unknown> | undefined;
  await issuer.inTransaction(async () => {
    late = answered.then(() => insert('a'));
    return answer(200);
  });
  end();
  await expect(late).rejects.toThrow('the request has ended');
  expect(await ids()).toEqual([]);
});

test('outside of a request, each query is its own transaction', async () => {
  await insert('a');
  expect((await select()).rows).toEqual([{ id: 'a' }]);
  await expect(insert('a')).rejects.toMatchObject({ code: '23505' });
  expect(await ids()).toEqual(['a']);
});
