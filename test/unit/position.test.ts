/** Positions in requests, and errors that name what is wrong with them. */
import { generateKeyBetween } from 'fractional-indexing';
import { expect, test } from 'vitest';
import { position } from '../../src/resource/position.ts';

const smallestInteger = `A${'0'.repeat(26)}`;

test.each([
  generateKeyBetween(null, null),
  generateKeyBetween('az', null),
  generateKeyBetween(null, 'a0'),
  generateKeyBetween('a0', 'a1'),
  'a00V',
  'Z0',
  'Y00',
  `z${'z'.repeat(26)}`,
  `${smallestInteger}1`,
  `A${'0'.repeat(25)}1`,
  `a0${'0'.repeat(97)}1`,
])('%s is a position', (key) => {
  expect(position.parse(key)).toBe(key);
});

const letterFirst = 'must be a letter with digits and letters after it (0-9, A-Z, a-z)';

test.each([
  ['', letterFirst],
  ['0', letterFirst],
  ['00', letterFirst],
  ['a-', letterFirst],
  ['a0\n', letterFirst],
  ['é0', letterFirst],
  ['aé', letterFirst],
  ['a', 'must have at least 2 characters, as it begins with a'],
  ['Z', 'must have at least 2 characters, as it begins with Z'],
  ['b0', 'must have at least 3 characters, as it begins with b'],
  [`z${'z'.repeat(25)}`, 'must have at least 27 characters, as it begins with z'],
  ['a00', 'must not end with 0 after its first 2 characters'],
  ['Y0010', 'must not end with 0 after its first 3 characters'],
  [smallestInteger, 'must not be the smallest integer, because no position is before it'],
  [`a0${'1'.repeat(99)}`, 'must have at most 100 characters'],
])('%j %s', (key, error) => {
  const remedy =
    'compute it from the positions of its neighbours with the npm package fractional-indexing, or use the endpoint move';
  const { issues } = position.safeParse(key).error ?? { issues: [] };
  expect(issues.map(({ message }) => message)).toEqual([`${error}; ${remedy}`]);
});

test.each([[7], [null], [['a0']], [{}]])('%j is no position', (value) => {
  expect(position.safeParse(value).success).toBe(false);
});
