/** Positions: the functions in SQL compute the keys of the npm package `fractional-indexing`. */
import fc from 'fast-check';
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { position } from '../../src/resource/position.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

type Bounds = readonly [lower: string | null, upper: string | null];

const smallestInteger = `A${'0'.repeat(26)}`;
const secondInteger = `A${'0'.repeat(25)}1`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.remove());

/** The key between each pair of bounds. The texts have a collation that sorts `a0` before `Zz`. */
async function keysBetween(bounds: readonly Bounds[]): Promise<string[]> {
  const rows = await database.query<{ key: string }>(
    `select todo.position_between(lower collate "und-x-icu", upper collate "und-x-icu") as key
     from unnest($1::text[], $2::text[]) with ordinality as bounds (lower, upper, number) order by number`,
    [bounds.map(([lower]) => lower), bounds.map(([, upper]) => upper)],
  );
  return rows.map(({ key }) => key);
}

async function keysAt(numbers: readonly bigint[]): Promise<string[]> {
  const rows = await database.query<{ key: string }>(
    `select todo.position_at(number) as key
     from unnest($1::bigint[]) with ordinality as numbers (number, place) order by place`,
    [numbers.map(String)],
  );
  return rows.map(({ key }) => key);
}

async function keysAfter(keys: readonly (string | null)[]): Promise<string[]> {
  const rows = await database.query<{ key: string }>(
    `select todo.position_after(lower collate "und-x-icu") as key
     from unnest($1::text[]) with ordinality as keys (lower, place) order by place`,
    [keys],
  );
  return rows.map(({ key }) => key);
}

/** Digits at which integers and fractions carry, and any other one. */
const digit = fc.oneof(fc.constantFrom('0', '1', 'z'), fc.constantFrom(...'0123456789ABYZabyz'));

const integer = fc.constantFrom(...'AABYZZaabyzz').chain((letter) => {
  const length = letter >= 'a' ? letter.charCodeAt(0) - 96 : 91 - letter.charCodeAt(0);
  const ofOneDigit = fc.tuple(digit, digit).map(([each, last]) => last.padStart(length, each));
  const ofAnyDigits = fc.string({ unit: digit, minLength: length, maxLength: length });
  return fc.oneof(ofOneDigit, ofAnyDigits).map((rest) => letter + rest);
});

const fraction = fc.string({ unit: digit, maxLength: 5 }).map((digits) => digits.replace(/0+$/, ''));

const isKey = (text: string) => position.safeParse(text).success;

const key = fc
  .tuple(integer, fraction)
  .map((parts) => parts.join(''))
  .filter(isKey);

/** Two keys with the same integer, or with any. */
const twoKeys = fc.oneof(
  fc.tuple(key, key),
  fc.tuple(integer, fraction, fraction).map(([both, ...fractions]) => fractions.map((each) => both + each)),
);

const bounds = fc
  .oneof(
    {
      weight: 4,
      arbitrary: twoKeys.map(([one = '', other = '']): Bounds => (one < other ? [one, other] : [other, one])),
    },
    { weight: 1, arbitrary: key.map((lower): Bounds => [lower, null]) },
    { weight: 1, arbitrary: key.filter((upper) => upper !== secondInteger).map((upper): Bounds => [null, upper]) },
  )
  .filter(([lower, upper]) => lower !== upper && [lower, upper].every((each) => each === null || isKey(each)));

describe('a key between two others is that of the package', () => {
  test('for any of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bounds, { minLength: 100, maxLength: 200 }), async (all) => {
        expect(await keysBetween(all)).toEqual(all.map(([lower, upper]) => generateKeyBetween(lower, upper)));
      }),
      { numRuns: 50, seed: 62 },
    );
  });

  test('for any order of insertions', async () => {
    const insertion = fc.record({ place: fc.constantFrom('start', 'end', 'any', 'before', 'after'), any: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(insertion, { minLength: 50, maxLength: 150 }), async (insertions) => {
        const places = insertions.map(({ place, any }) => (length: number, last: number) => {
          const indexes = { start: 0, end: length, any: any % (length + 1), before: last, after: last + 1 };
          return Math.min(length, indexes[place]);
        });
        await expectKeysOfPackage(places);
      }),
      { numRuns: 30, seed: 62 },
    );
  });

  test.each<[string, (length: number, last: number) => number]>([
    ['at the start', () => 0],
    ['at the end', (length) => length],
    ['before the last insertion', (length, last) => Math.min(length, Math.max(1, last))],
    ['after the last insertion', (length, last) => Math.max(0, Math.min(length - 1, last + 1))],
    ['alternately before and after the last insertion', (length, last) => (length < 2 ? length : last + (length % 2))],
  ])('for 1,000 insertions %s', async (_place, indexOf) => {
    await expectKeysOfPackage(Array(1_000).fill(indexOf));
  });

  test('without others', async () => {
    expect(await keysBetween([[null, null]])).toEqual(['a0']);
  });

  test('but a key, if the package returns the smallest integer, which it rejects afterwards', async () => {
    expect(generateKeyBetween(null, secondInteger)).toBe(smallestInteger);
    expect(() => generateKeyBetween(null, smallestInteger)).toThrow('invalid order key');
    expect(await keysBetween([[null, secondInteger]])).toEqual([`${smallestInteger}V`]);
    expect(isKey(`${smallestInteger}V`)).toBe(true);
  });
});

/**
 * Inserts keys in a list, and expects those of the package.
 *
 * @param indexes for each insertion its index, by the length of the list and the index of the last insertion
 */
async function expectKeysOfPackage(indexes: readonly ((length: number, last: number) => number)[]): Promise<void> {
  const list: string[] = [];
  const all: Bounds[] = [];
  const expected: string[] = [];
  let last = 0;
  for (const indexOf of indexes) {
    last = indexOf(list.length, last);
    const [lower, upper] = [list[last - 1] ?? null, list[last] ?? null];
    const key = generateKeyBetween(lower, upper);
    list.splice(last, 0, key);
    all.push([lower, upper]);
    expected.push(key);
  }
  expect(await keysBetween(all)).toEqual(expected);
}

const malformed = [
  '',
  '0',
  'a',
  'b0',
  'a00',
  'a0 ',
  'a-',
  'a0\n',
  'é0',
  'aé',
  `z${'0'.repeat(25)}`,
  `A${'0'.repeat(26)}`,
];

describe('position_between rejects', () => {
  test.each(malformed)('the malformed key %j', async (text) => {
    const rejection = { code: '23514', constraint: 'position_format' };
    await expect(keysBetween([[text, null]])).rejects.toMatchObject(rejection);
    await expect(keysBetween([[null, text]])).rejects.toMatchObject(rejection);
    await expect(keysBetween([['Zz', text]])).rejects.toMatchObject(rejection);
    await expect(keysBetween([[text, 'zz']])).rejects.toMatchObject(rejection);
  });

  test.each([
    ['a0', 'a0'],
    ['a1', 'a0'],
    ['a0', 'Zz'],
    ['a1', 'a0V'],
    ['a0V', 'a0G'],
    ['b00', 'az'],
  ])('%s before %s', async (lower, upper) => {
    const rejection = { code: '23514', constraint: 'position_order' };
    await expect(keysBetween([[lower, upper]])).rejects.toMatchObject(rejection);
  });
});

describe('position_after returns the key of the package', () => {
  test('after any key', async () => {
    const keys = fc.array(fc.oneof(key, integer.filter(isKey)), { minLength: 100, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(keys, async (all) => {
        expect(await keysAfter(all)).toEqual(all.map((lower) => generateKeyBetween(lower, null)));
      }),
      { numRuns: 20, seed: 62 },
    );
  });

  test('after each of 10,000 appended keys, after the largest integer, and without a key', async () => {
    const keys = [...generateNKeysBetween(null, null, 10_000), `z${'z'.repeat(26)}`, 'Zz', 'Zzz', null];
    expect(await keysAfter(keys)).toEqual(keys.map((lower) => generateKeyBetween(lower, null)));
  });
});

describe('position_at', () => {
  test('numbers the keys of the package from 0 to 10,000', async () => {
    const numbers = Array.from({ length: 10_001 }, (_, number) => BigInt(number));
    expect(await keysAt(numbers)).toEqual(generateNKeysBetween(null, null, 10_001));
  });

  test('continues with longer integers, up to the largest number', async () => {
    let last = -1n;
    const numbers = Array.from({ length: 10 }, (_, index) => {
      last += 62n ** BigInt(index + 1);
      return last;
    }).concat(2n ** 63n - 2n);
    const keys = await keysAt(numbers);
    expect(keys.slice(0, 3)).toEqual(['az', 'bzz', 'czzz']);
    expect(await keysAt(numbers.map((number) => number + 1n))).toEqual(
      keys.map((key) => generateKeyBetween(key, null)),
    );
  });

  test('rejects a negative number', async () => {
    await expect(keysAt([-1n])).rejects.toMatchObject({ code: '22003' });
  });
});

test('is_position accepts what requests may contain', async () => {
  const texts = [
    ...fc.sample(key, { numRuns: 500, seed: 62 }),
    ...fc.sample(fc.string({ unit: digit, maxLength: 5 }), { numRuns: 500, seed: 62 }),
    ...['', 'a0'.padEnd(100, '1'), 'a0'.padEnd(101, '1'), 'é0', 'a0\n', smallestInteger, `${smallestInteger}1`],
  ];
  const rows = await database.query<{ accepts: boolean }>(
    `select todo.is_position(text collate "und-x-icu") as accepts
     from unnest($1::text[]) with ordinality as texts (text, number) order by number`,
    [texts],
  );
  expect(texts.filter((_, index) => rows[index]?.accepts)).toEqual(texts.filter(isKey));
  expect(await database.query('select todo.is_position(null) as accepts')).toEqual([{ accepts: false }]);
});
