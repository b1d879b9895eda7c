/** Secrets that can be guessed are rejected, in every decoration. Random secrets never are. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { dictionary } from '@zxcvbn-ts/language-common';
import { describe, expect, test } from 'vitest';
import { knownSecrets } from '../../src/config/known-secrets.ts';
import { isWeakSecret } from '../../src/config/secret-strength.ts';
import { leastCost } from '../support/cpu-time.ts';

/** Values of public repositories, tutorials and Docker set-ups. */
const samples = [
  'your-256-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  'your-super-secret-jwt-token-with-at-least-32-characters-long',
  'super-secret-jwt-token-with-at-least-32-characters-long',
  'UpNVntn3cDxHJpq99YMc1T1AQgQpc8kfYTuRgBiYa15BLrx8etQoXz3gZv1/u2oq',
  'reallyreallyreallyreallyverysafe',
  'better-auth-secret-12345678901234567890',
  'better-auth-secret-that-is-long-enough-for-validation-test',
  'MySecretKeyMustBe32Characters!!!_',
  'ReplaceWithAtLeast32CharactersJwtSecret',
  'ThisIsADevelopmentSecretKeyThatIsAtLeast32Characters',
  'YourSuperSecretKeyForJwtTokensMustBeAtLeast32CharactersLong!',
  'DefaultSecretKey_MustBeLongerThan32Characters_ForSafety',
  'replace-with-at-least-32-random-characters',
  'change-me-to-a-long-random-string',
  'JWTSecretMustBeAtLeast32CharactersLong!',
  'my-very-secure-secret-key-at-least-256-bits-long-for-hs256',
  'SecretKey012345678901234567890123456789012345678901234567890123456789',
  'PLEASE-CHANGE-ME-I-AM-VERY-INSECURE',
  '32-LONG-SECRET-NOT-SECURE-AT-ALL',
  'this_password_is_insecure_and_should_be_updated',
  'insert-your-own-random-secret-string-here',
  'mySuperSecretKeyForMyAwesomeTodoApp2024',
  'MasterkeyNeedsToHave32Characters',
  'correct horse battery staple correct',
  'todo-api-secret-todo-api-secret-2024',
];

const patterns = [
  'a'.repeat(64),
  ' '.repeat(40),
  'abc'.repeat(20),
  'secret'.repeat(8),
  'password '.repeat(5),
  'abcdefghijklmnopqrstuvwxyz0123456789',
  'zyxwvutsrqponmlkjihgfedcba9876543210',
  'qwertyuiopasdfghjklzxcvbnm123456',
  '1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '!@#$%^&*()!@#$%^&*()!@#$%^&*()!@#$',
  'asdfjkl;asdfjkl;asdfjkl;asdfjkl;',
  '12345678901234567890123456789012',
  '00112233445566778899aabbccddeeff',
  '0102030405060708090a0b0c0d0e0f10',
  'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
  'aaaaaaaabbbbbbbbccccccccdddddddd',
  'abababbaabbabaababbabaabbaababba',
  `${'0'.repeat(63)}1`,
  'deadbeef'.repeat(4),
  '31415926535897932384626433832795',
  '2024-01-01-2024-01-02-2024-01-03',
  Buffer.alloc(32).toString('base64'),
  Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64'),
];

const encoded = (encoding: BufferEncoding) => (text: string) => Buffer.from(text).toString(encoding);

const decorations: Record<string, (text: string) => string> = {
  none: (text) => text,
  'upper case': (text) => text.toUpperCase(),
  'lower case': (text) => text.toLowerCase(),
  'a prefix': (text) => `prod_${text}`,
  'a suffix': (text) => `${text}-2026!`,
  quotes: (text) => `"${text}"`,
  'angle brackets': (text) => `<${text}>`,
  'other separators': (text) => text.replaceAll(/[-_ ]/g, '.'),
  'no separators': (text) => text.replaceAll(/[-_ ]/g, ''),
  'spaces around it': (text) => `  ${text} `,
  'digits for letters': (text) => text.replaceAll('e', '3').replaceAll('o', '0').replaceAll('a', '@'),
  reversal: (text) => [...text].reverse().join(''),
  repetition: (text) => `${text}${text}`,
  base64: encoded('base64'),
  base64url: encoded('base64url'),
  hex: encoded('hex'),
  'base64, twice': (text) => encoded('base64')(encoded('base64')(text)),
  'percent encoding': (text) => [...text].map((character) => `%${encoded('hex')(character)}`).join(''),
};

describe.each(Object.entries(decorations))('with the decoration %s', (name, decorate) => {
  test('samples, placeholders and patterns are weak', () => {
    // Other digits make another text of a sample that looks random.
    const others =
      name === 'digits for letters' ? [] : [...patterns, ...knownSecrets.filter(({ length }) => length >= 20)];
    const texts = [...samples, ...others].map(decorate);
    expect(texts.filter((text) => !isWeakSecret(text))).toEqual([]);
  });
});

test('texts with a name of the project are weak, too', () => {
  const texts = [
    'confer-super-secret-key-that-is-at-least-256-bits-long-for-hmac-sha256!',
    'docint-super-secret-key-that-must-be-at-least-256-bits-long-for-hmac-sha-256',
    'MySecretKey123!MySecretKey456!MySecretKey789!',
  ];
  expect(texts.filter((text) => !isWeakSecret(text))).toEqual([]);
});

test('repetitions are weak, whatever is repeated', () => {
  const parts = [
    'correct-horse-',
    'q8#Zr',
    ...Array.from({ length: 20 }, () => randomBytes(randomInt(4, 40)).toString('hex')),
  ];
  for (const part of parts) for (const times of [2, 3, 8]) expect(isWeakSecret(part.repeat(times))).toBe(true);
});

const pick = (characters: string, length: number) =>
  Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
const letters = 'abcdefghijklmnopqrstuvwxyz';

function passphrase(words: number, separator: string): string {
  const list = dictionary['diceware-common'] as readonly string[];
  const text = Array.from({ length: words }, () => list[randomInt(list.length)]).join(separator);
  return text.length < 32 ? passphrase(words, separator) : text;
}

const generators: Record<string, () => string> = {
  'openssl rand -base64 32': () => randomBytes(32).toString('base64'),
  'openssl rand -hex 32': () => randomBytes(32).toString('hex'),
  'openssl rand -hex 16': () => randomBytes(16).toString('hex').toUpperCase(),
  base64url: () => randomBytes(32).toString('base64url'),
  '24 bytes in base64': () => randomBytes(24).toString('base64'),
  'two UUIDs': () => `${randomUUID()}${randomUUID()}`,
  'one UUID': () => randomUUID(),
  'printable characters': () => pick(printable, 32),
  symbols: () => pick(printable.replaceAll(/\w/g, ''), 32),
  letters: () => pick(letters, 32),
  base32: () => pick(`${letters.toUpperCase()}234567`, 32),
  digits: () => pick('0123456789', 39),
  'Chinese characters': () =>
    Array.from({ length: 11 }, () => String.fromCharCode(0x4e00 + randomInt(20_000))).join(''),
  'seven words': () => passphrase(7, '-'),
  'seven words with spaces': () => passphrase(7, ' '),
  'eight words without separators': () => passphrase(8, ''),
};

/** Random secrets of each generator: 100,000 in total, or a tenth of them. */
const count = (process.env.SAMPLES === 'many' ? 100_000 : 10_000) / Object.keys(generators).length;

test.each(Object.entries(generators))(`${count} random secrets of %s are accepted`, (_, generate) => {
  const secrets = Array.from({ length: count }, generate);
  expect(secrets.filter(isWeakSecret)).toEqual([]);
});

test.each(['a', 'ab', 'secret', '%41'])('the cost of a long text of "%s" is bounded', (part) => {
  const text = part.repeat(1_000_000 / part.length);
  const limit = 10;
  const cost = leastCost(() => expect(isWeakSecret(text)).toBe(true), limit);
  expect(cost).toBeLessThanOrEqual(limit);
});
