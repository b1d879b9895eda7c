/**
 * Model of synchronization: several clients write through two servers, with slow commits, rollbacks and ended connections.
 * Readers follow the changes with pages of any size. Each copy equals the server's state at its cursor, and at the end the
 * lists.
 */
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCursor } from '../../src/changes/cursor.ts';
import { takeTurn } from '../../src/idempotency/turn.ts';
import { taskReplace } from '../../src/tasks/schemas.ts';
import { insertTask } from '../../src/tasks/sql/insert-statement.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind, isPooled } from '../support/databases.ts';
import { allTasks, SyncedCopy } from '../support/synced-copy.ts';

const collection = '/api/v1/tasks';

/** Commits take up to 20 ms while they hold the user's head, and some fail. */
const slowCommits = `
  create function slow_commit() returns trigger language plpgsql as $$
  begin
    perform pg_sleep(random() * 0.02);
    if random() < 0.05 then raise exception 'the commit fails'; end if;
    return null;
  end $$;
  create constraint trigger slow_commit after insert on todo.changes
    deferrable initially deferred for each row execute function slow_commit()`;

type Write =
  | { readonly type: 'create' }
  | { readonly type: 'patch' | 'delete' | 'batch'; readonly target: number }
  /** A transaction that numbers a change, sleeps, and then ends in this way. */
  | { readonly type: 'transaction'; readonly end: 'commit' | 'rollback' | 'terminate' }
  /** Ends a connection of one of the servers. */
  | { readonly type: 'terminate' };

const target = fc.nat(20);

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'create' } as const) },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('patch', 'delete', 'batch'), target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('transaction'),
      end: fc.constantFrom('commit', 'rollback', 'terminate'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'terminate' } as const) },
);

/** The writes of each client, and the page sizes and the first pause in milliseconds of each reader. */
const scenario = fc.record({
  writers: fc.array(fc.array(write, { minLength: 5, maxLength: 15 }), { minLength: 2, maxLength: 5 }),
  readers: fc.array(
    fc.record({ pause: fc.nat(300), limits: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }) }),
    { minLength: 2, maxLength: 4 },
  ),
});

describe.skipIf(databaseKind === 'embedded' || isPooled)(
  'on PostgreSQL; the embedded database has one connection',
  () => {
    let api: TestApi;
    let second: TestApi;
    /** A connection of the test itself, which no step ends. */
    let admin: pg.Client;

    beforeAll(async () => {
      const environment = { DATABASE_POOL_MAX: '4' };
      api = await startApi({ keep: true, environment });
      await api.database.query(slowCommits);
      second = await startApi({ keep: true, environment, beside: api });
      admin = new pg.Client({ connectionString: databaseUrl() });
      await admin.connect();
    });

    afterAll(async () => {
      await admin.end();
      await second.stop();
      await api.stop();
    });

    function databaseUrl(): string {
      return (api.database.config as { url: string }).url;
    }

    /** The client of a user at both servers in turn. */
    function clientOf(userId: string): () => Client {
      const clients = [api.user(userId), second.user(userId)] as const;
      let turn = 0;
      return () => {
        turn += 1;
        return clients[turn % 2] as Client;
      };
    }

    async function send(client: Client, step: Write, ids: string[]): Promise<void> {
      const known = 'target' in step ? ids[step.target % ids.length] : undefined;
      const id = known ?? crypto.randomUUID();
      const title = `title ${Math.random()}`;
      switch (step.type) {
        case 'create':
          ids.push(id);
          return settled(client.post(collection, { id, title }));
        case 'patch':
          return settled(client.patch(`${collection}/${id}`, { title }));
        case 'delete':
          return settled(client.delete(`${collection}/${id}`));
        case 'batch': {
          const created = [0, 1, 2].map(() => ({ op: 'create', task: { title } }));
          const operations = [created[0], { op: 'update', id, patch: { title } }, ...created.slice(1)];
          return settled(client.post(`${collection}/batch`, { operations }));
        }
        case 'transaction':
          return slowTransaction(client.userId as string, step.end);
        case 'terminate':
          await admin.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1`,
          );
      }
    }

    /** A write that may fail, because its task is deleted, its commit fails or its connection ends. */
    async function settled(answer: Promise<{ status: number; text: string }>): Promise<void> {
      const { status, text } = await answer;
      expect([200, 201, 204, 404, 500, 503, 504], text).toContain(status);
    }

    async function slowTransaction(ownerId: string, end: 'commit' | 'rollback' | 'terminate'): Promise<void> {
      const client = new pg.Client({ connectionString: databaseUrl() });
      client.on('error', () => {});
      await client.connect();
      const change = { ownerId, id: crypto.randomUUID(), actor: null };
      const task = taskReplace.parse({ title: 'slow' });
      const insert = insertTask(ownerId, crypto.randomUUID(), task, { isIdGiven: false });
      try {
        await client.query('begin');
        for (const { statement, values } of [takeTurn(change, { quotas: api.config.quotas, hasTrash: true }), insert]) {
          await client.query(statement.text, values as unknown[]);
        }
        await client.query('select pg_sleep(0.03)');
        await client.query(end === 'terminate' ? 'select pg_terminate_backend(pg_backend_pid())' : end);
      } catch {
        // Another step has ended the connection, or the commit failed.
      } finally {
        await client.end().catch(() => {});
      }
    }

    /** A copy, and what it had each time there were no more changes: the number of the cursor and the versions. */
    class Reader {
      readonly copy = new SyncedCopy();
      readonly states: { seq: number; versions: object }[] = [];
      readonly #limits: readonly number[];
      #turn = 0;

      constructor(limits: readonly number[]) {
        this.#limits = limits;
      }

      /** @returns whether there are more changes */
      async read(client: Client): Promise<boolean> {
        const limit = this.#limits[this.#turn % this.#limits.length] as number;
        this.#turn += 1;
        const { status, body, text } = await client.get(this.copy.nextPath({ limit }));
        // The connection was ended, also that of the second attempt.
        if (status >= 500) return true;
        expect(status, text).toBe(200);
        expect(body.reset).toBe(false);
        expect(body.changes.length).toBeLessThanOrEqual(limit);
        this.copy.apply(body);
        const { cursor } = this.copy;
        if (!body.has_more) {
          this.states.push({ seq: readCursor(cursor as string).seq, versions: versionsOf(this.copy.list) });
        }
        return body.has_more;
      }
    }

    /** The versions of the user's tasks after the change with this number, from the history. */
    async function versionsAt(userId: string, seq: number): Promise<object> {
      const { rows } = await admin.query<{ id: string; version: number; kind: string }>(
        `select distinct on (id) id, version, kind from todo.changes where owner_id = $1 and seq <= $2 order by id, seq desc`,
        [userId, seq],
      );
      return versionsOf(rows.filter(({ kind }) => kind !== 'Deleted'));
    }

    test('each copy equals the state at its cursor, and at the end the lists', async () => {
      const seed = Date.now() % 2 ** 31;
      console.log(`seed of the changes model: ${seed}`);
      let users = 0;
      const property = fc.asyncProperty(scenario, async ({ writers, readers }) => {
        users += 1;
        const userId = `model-${seed}-${users}`;
        const next = clientOf(userId);
        const ids: string[] = [];
        let isWriting = true;
        const following = readers.map(async ({ pause, limits }) => {
          const reader = new Reader(limits);
          await delay(pause);
          while (isWriting) if (!(await reader.read(next()))) await delay(2);
          return reader;
        });
        await Promise.all(
          writers.map(async (steps) => {
            for (const step of steps) await send(next(), step, ids);
          }),
        );
        isWriting = false;
        const ended = await Promise.all(following);
        // A reader that begins with the last state.
        ended.push(new Reader([500]));
        const lists = await allTasks(api.user(userId));
        for (const reader of ended) {
          while (await reader.read(next()));
          expect(reader.copy.list).toEqual(lists);
          for (const { seq, versions } of reader.states) expect(versions).toEqual(await versionsAt(userId, seq));
        }
      });
      await fc.assert(property, { seed, numRuns: 15, endOnFailure: true });
    }, 120_000);
  },
);

function versionsOf(tasks: readonly { readonly id: string; readonly version: number }[]): object {
  return Object.fromEntries(tasks.map(({ id, version }) => [id, version]));
}
