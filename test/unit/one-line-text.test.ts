/** One-line text, for each single code point of Unicode. */
import { expect, test } from 'vitest';
import { trimmedText } from '../../src/http/request/text.ts';

const schema = trimmedText(1, 255);

/** Blank characters without a Unicode property for it. */
const blankSymbols = new Set([0x2800, 0x13441, 0x13442, 0x1d159]);
const annotationsAndHieroglyphs = (code: number) =>
  (code >= 0xfff9 && code <= 0xfffb) || (code >= 0x13430 && code <= 0x1343f);

/** The allowed categories, while `src/http/request/text.ts` lists the excluded ones. */
function isSeen(code: number): boolean {
  const character = String.fromCodePoint(code);
  if (blankSymbols.has(code) || annotationsAndHieroglyphs(code)) return false;
  if (/\p{Default_Ignorable_Code_Point}/u.test(character)) return false;
  return /[\p{L}\p{N}\p{P}\p{S}\p{Mc}\p{Cf}\p{Co}\p{Cn}]/u.test(character);
}

test('a single code point is valid if and only if it is visible', () => {
  const wrong: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const { success } = schema.safeParse(String.fromCodePoint(code));
    if (success !== isSeen(code)) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});

test('Unicode white space is trimmed, and the rest is unchanged', () => {
  const space = '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';
  for (const text of ['a', 'a b', '\u200ba\u00ad', '\u180ea', 'e\u0301', '\u202ea\u202c', '\u{e0100}a']) {
    expect(schema.parse(`${space}${text}${space}`)).toBe(text);
  }
});

test('long white space is processed in linear time', () => {
  expect(schema.safeParse(`x${' '.repeat(10_000_000)}y`).success).toBe(false);
});
