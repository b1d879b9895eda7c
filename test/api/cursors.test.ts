/** Forged cursors: each is rejected with 422 or is a position in the caller's own list, and none causes a 500. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCursor } from '../../src/resource/cursor.ts';
import { sorts } from '../../src/tasks/list-parameters.ts';
import { listTasksRoute } from '../../src/tasks/routes.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  ada = api.user();
  for (const title of ['Buy milk', 'Call Bob']) {
    await ada.post('/api/v1/tasks', { title, due: { date: '2026-12-01' } });
  }
});

afterAll(() => api.stop());

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

/** A cursor with a valid digest, for a list without filters. */
function intact(sort: (typeof sorts)[number], place: string): string {
  const { limit: _, cursor: __, skip: ___, ...list } = listTasksRoute.request.query.parse({ sort });
  const { sort: parsed, ...filters } = list;
  return encodeCursor(ada.userId as string, { filters, sort: parsed }, place);
}

async function statusOf(sort: string, cursor: string): Promise<number> {
  const { status, body } = await ada.get(`/api/v1/tasks?${new URLSearchParams({ sort, cursor })}`);
  if (status === 422) {
    expect(body.errors).toMatchObject([{ in: 'query', pointer: 'cursor' }]);
  } else {
    expect(status, `${sort} ${cursor}: ${JSON.stringify(body)}`).toBe(200);
  }
  return status;
}

test('a cursor with a valid digest and a valid position is accepted', async () => {
  expect(await statusOf('created_at', intact('created_at', JSON.stringify(['2026-01-01 00:00:00+00', id])))).toBe(200);
  expect(await statusOf('title', intact('title', JSON.stringify(['Buy milk', id])))).toBe(200);
});

describe('a cursor with a valid digest is rejected if its position is', () => {
  test.each([
    'x',
    '',
    '[',
    'null',
    '{}',
    '[]',
    '["x"]',
    '["x", 1]',
    '[1, "x"]',
    '[null, null]',
    '["x", "y", "z"]',
    '{"0": "x", "1": "y", "length": 2}',
    `["x", "${id}"`,
    '\u0000',
    '['.repeat(2_900),
  ])('%j', async (place) => {
    for (const sort of sorts) expect(await statusOf(sort, intact(sort, place))).toBe(422);
  });

  test.each([
    '',
    'x',
    '2026-02-30 00:00:00+00',
    '2026-01-01 25:00:00',
    '294277-01-01',
    '4714-01-01 BC',
    '2026-01-01 00:00 Mars/Phobos',
    '\u0000',
    '\ud800',
    '1e400',
    '99999999999999999999',
    `${'9'.repeat(2_000)}-01-01`,
  ])('a time or a rank of %j', async (value) => {
    const place = JSON.stringify([value, id]);
    for (const sort of sorts.filter((each) => !each.endsWith('title'))) {
      expect(await statusOf(sort, intact(sort, place)), sort).toBe(422);
    }
  });

  test.each(['', 'x', id.slice(1), `${id}0`, `${id}\u0000`, '\ud800', `'; drop table todo.tasks; --`])(
    'an id of %j',
    async (bad) => {
      expect(await statusOf('title', intact('title', JSON.stringify(['x', bad])))).toBe(422);
    },
  );
});

test.each(['infinity', '-infinity', 'now', 'epoch', '0001-01-01 BC', '294276-12-31 23:59:59.999999'])(
  'a time of %s is a place in the list',
  async (value) => {
    for (const sort of ['created_at', '-updated_at', 'due', '-due'] as const) {
      expect(await statusOf(sort, intact(sort, JSON.stringify([value, id]))), sort).toBe(200);
    }
  },
);

test('any content of a cursor is answered with 200 or 422', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    // UTF-16 code units, including lone surrogates.
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }).map((units) => String.fromCharCode(...units)),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.integer().map(String),
    fc.uuid(),
  );
  const place = fc.oneof(
    fc.tuple(text, fc.oneof(fc.uuid(), text)).map((position) => JSON.stringify(position)),
    fc.json(),
    text,
  );
  const sort = fc.constantFrom(...sorts);
  type Cursor = (queried: (typeof sorts)[number]) => string;
  const cursor: fc.Arbitrary<Cursor> = fc.oneof(
    {
      weight: 5,
      arbitrary: place.map(
        (text): Cursor =>
          (queried) =>
            intact(queried, text),
      ),
    },
    fc.tuple(sort, place).map(
      ([other, text]): Cursor =>
        () =>
          intact(other, text),
    ),
    fc.tuple(place, fc.nat()).map(
      ([text, end]): Cursor =>
        (queried) => {
          const whole = intact(queried, text);
          return whole.slice(0, end % (whole.length + 1));
        },
    ),
    fc.uint8Array({ maxLength: 300 }).map(
      (bytes): Cursor =>
        () =>
          Buffer.from(bytes).toString('base64url'),
    ),
    fc.string({ unit: 'grapheme', maxLength: 200 }).map(
      (text): Cursor =>
        () =>
          text,
    ),
    fc.string({ minLength: 4_000, maxLength: 4_500 }).map(
      (text): Cursor =>
        () =>
          text,
    ),
  );
  await fc.assert(
    fc.asyncProperty(sort, cursor, async (queried, make) => {
      await statusOf(queried, make(queried));
    }),
    { numRuns: 400 },
  );
});
