/** Accepted and rejected JSON of `parseStrictJson`. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from '../../src/json/strict-json.ts';
import { readVectors, vectorsMissing } from './jwt/vectors.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

test('the result is the same as with JSON.parse', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(3), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('a repeated member is rejected at any depth and in any spelling', () => {
  const name = fc.string({ unit: 'grapheme' });
  const spellOut = (text: string) =>
    [...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
  fc.assert(
    fc.property(name, fc.jsonValue(), fc.constantFrom('X', '[1,X]', '{"a":{"b":[X]}}'), (twice, value, around) => {
      const [plain, escaped, content] = [JSON.stringify(twice), `"${spellOut(twice)}"`, JSON.stringify(value)];
      const good = `{${plain}:${content},"other${plain.slice(1)} :1}`;
      const bad = `{${plain}:${content},"other${plain.slice(1)} :1,\n${escaped} \t:1}`;
      expect(() => parse(around.replace('X', () => good))).not.toThrow();
      expect(() => parse(around.replace('X', () => bad))).toThrow('repeated member');
    }),
  );
});

interface ParsingVectors {
  readonly [file: string]: string;
}

const vectors = readVectors<ParsingVectors>('json-parsing.json');

describe.skipIf(!vectors)(`JSONTestSuite${vectors ? '' : ` (${vectorsMissing})`}`, () => {
  for (const [file, content] of Object.entries(vectors ?? {})) {
    const accepts = file.startsWith('y_') && !file.startsWith('y_object_duplicated_key');
    if (!accepts && !/^[ny]_/.test(file)) continue;
    test(`${file} is ${accepts ? 'accepted' : 'rejected'}`, () => {
      const reading = () => parseStrictJson(Buffer.from(content, 'base64'));
      if (accepts) expect(reading).not.toThrow();
      else expect(reading).toThrow();
    });
  }
});
