/**
 * Text folding for search: spellings of the same word become the same characters.
 *
 * It uses properties of Unicode (UAX #44) if they exist, and the tables below otherwise. The folded beginning of a text
 * is the beginning of the folded text, so that searches find beginnings of words. The first half of a Thai vowel that
 * users type as two characters is an exception.
 * A change of the result needs a new `wordsVersion` in `words.ts`.
 */

/** Replaces optional breaks inside a word: U+00AD, U+200B and U+200C divide it into parts. */
export const softBreak = '\u00ad';

/** The maximum ratio of decomposed to original length, for texts that are not short. */
const maxExpansion = 4;
const shortTextLength = 1_000;

/** The maximum length of a decomposed text. A syllable of Hangul becomes two or three characters. */
export const maxFoldedLength = 20_000;

/** Spacing accents that people type instead of an apostrophe. NFKD turns them into spaces. */
const spacingAccents = /[\u00b4\u0384\u1fbd\u1fbf\u1ffd\u1ffe]/g;

/** Forms of the apostrophe: the confusables of U+0027 in UTS #39 that are not letters, and the modifier letters. */
const apostrophes =
  /[\u0060\u2018\u2019\u201b\u2032\u2035\u055a\u05f3\u07f4\u07f5\ua78b\ua78c]|(?=\p{Lm})(?!\p{Extender})\p{Script=Common}/gu;

/** Characters between the halves of a Hebrew abbreviation, and between two l in Catalan. */
const otherJoiners = /\u05f4|(?<=\p{Script=Hebrew})["\u201d](?=\p{Script=Hebrew})|(?<=l)\u00b7(?=l)/giu;

/** Scripts whose letters keep their meaning without marks. */
const scriptsWithOptionalMarks = [
  ...['Inherited', 'Hebrew', 'Arabic', 'Syriac', 'Samaritan', 'Cyrillic', 'Coptic', 'Glagolitic'],
  ...['Ethiopic', 'Nko', 'Adlam', 'Mandaic'],
];

/** Marks that make different letters in Japanese. */
const kanaMarks = String.raw`\u3099\u309a`;

/** Signs for sounds of other languages, which people often omit (Indic_Syllabic_Category=Nukta). */
const nuktas = String.raw`\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc\u{110ba}\u{11173}\u{111ca}\u{11236}\u{112e9}`;

/**
 * Ignored characters: optional marks, tone marks of Thai and Lao (typed before or after other marks), signs that
 * lengthen a word, and characters that fonts do not draw.
 */
const ignored = new RegExp(
  [
    `(?=[\\p{Mn}\\p{Me}])(?![${kanaMarks}])[${scriptsWithOptionalMarks.map((name) => `\\p{Script=${name}}`).join('')}]`,
    '(?=\\p{Mn})(?=\\p{Diacritic})[\\p{Script=Thai}\\p{Script=Lao}]',
    `[${nuktas}]`,
    '[\\u02d0\\u02d1\\u0640\\u07fa\\u180a]',
    `(?!${softBreak})\\p{Default_Ignorable_Code_Point}`,
  ].join('|'),
  'gu',
);

/** Variants of a letter that no Unicode property connects with it, by the letter that replaces them. */
const variants: Readonly<Record<string, string>> = {
  // Latin letters with a stroke, a hook or a bar, and others, as in the transform Latin-ASCII of CLDR.
  ...{ a: 'ⱥ', b: 'ƀɓƃ', c: 'ƈȼ', d: 'đðɖɗƌ', e: 'əǝɛɇ', f: 'ƒ', g: 'ɠǥ', h: 'ħⱨ', i: 'ɨɩ', j: 'ɉɟ', k: 'ƙⱪĸ' },
  ...{ l: 'łƚɫⱡɬ', n: 'ɲƞŋ', o: 'øɔɵ', p: 'ƥᵽ', q: 'ɋ', r: 'ɍɽ', s: 'ʂȿ', t: 'ŧƫƭʈⱦ', u: 'ʉʊ', v: 'ʋ', w: 'ⱳ' },
  ...{ y: 'ƴɏ', z: 'ƶȥʐɀⱬ', ae: 'æ', oe: 'œ', th: 'þ', hv: 'ƕ' },
  // The form at the end of a Greek word. The older letters of Greek and Coptic stay different.
  σ: 'ς',
  // Cyrillic letters with a stroke, a hook, a descender or an upturn, named so by Unicode.
  ...{
    г: 'ґғӻҕӷ',
    ж: 'җ',
    з: 'ҙ',
    к: 'қҝҟҡӄ',
    л: 'ӆԯԓԡ',
    м: 'ӎ',
    н: 'ңӊӈԣԩ',
    о: 'ө',
    п: 'ҧԥ',
    р: 'ҏ',
    с: 'ҫ',
    т: 'ҭ',
    у: 'үұ',
  },
  ...{ х: 'ҳӽӿ', һ: 'ԧ', ч: 'ҷҹӌ', ь: 'ҍ' },
  // The forms at the end of a Hebrew word, of the same weight in the default collation (DUCET), and Yiddish ligatures.
  ...{ כ: 'ך', מ: 'ם', נ: 'ן', פ: 'ף', צ: 'ץ', וו: 'װ', וי: 'ױ', יי: 'ײ' },
  // Letters of Arabic, Persian, Urdu and Kurdish keyboards, as Lucene's normalizers for Arabic and Persian have them.
  ...{ ا: 'ٱٲٳ', ي: 'ىیېۍ', ك: 'کڪ', ه: 'ةۃەہھ', گ: 'ګ' },
  // Indic candrabindu and tippi, which are written for anusvara.
  ...{ 'ं': 'ँ', 'ং': 'ঁ', 'ਂ': 'ਁੰ', 'ં': 'ઁ', 'ଂ': 'ଁ', 'ం': 'ఁ', 'ಂ': 'ಁ', 'ം': 'ഁ' },
  // A letter for a sequence that looks like it, and the sha of Tamil shri, which was sa before Unicode 4.1.
  ...{ 'अ\u0945': 'ॲ', ஸ: 'ஶ' },
  // Letters that were once written with virama and U+200D (the Unicode Standard, section 12.1 and 12.9).
  ...{ 'ত\u09cd': 'ৎ', 'ണ\u0d4d': 'ൺ', 'ന\u0d4d': 'ൻ', 'ര\u0d4d': 'ർ', 'ല\u0d4d': 'ൽ', 'ള\u0d4d': 'ൾ', 'ക\u0d4d': 'ൿ' },
};

const letterOfVariant = new Map(
  Object.entries(variants).flatMap(([letter, forms]) =>
    [...forms].map((variant): [string, string] => [variant, letter]),
  ),
);
const variant = new RegExp(`[${[...letterOfVariant.keys()].join('')}]`, 'gu');

const digit = /(?![0-9])\p{Nd}/gu;
const katakana = /[\u30a1-\u30f6\u30fd\u30fe]/g;
const markedKana = /[\u3041-\u309e][\u3099\u309a]/g;

/** The text without case, accents, width, invisible characters and other variants of letters. */
export function fold(text: string): string {
  // A shortcut for most titles.
  if (isAscii(text)) return text.toLowerCase().replaceAll('`', "'");
  return (
    decomposed(text.replaceAll(spacingAccents, "'"))
      .replaceAll(apostrophes, "'")
      .replaceAll(otherJoiners, softBreak)
      .replaceAll(/[\u200b\u200c]/g, softBreak)
      .replaceAll(ignored, '')
      .replaceAll(digit, digitValue)
      // Upper case unites ß and ss, ı and i, and other variants of lower-case letters.
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .replaceAll(variant, (found) => letterOfVariant.get(found) ?? found)
      // Thai sara ae, typed as two sara e; Malayalam nta with the chillu, and au as in the reformed orthography.
      .replaceAll('\u0e40\u0e40', '\u0e41')
      .replaceAll('\u0d4d\u0d4d', '\u0d4d')
      .replaceAll(/(?<!\u0d46)\u0d57/g, '\u0d46\u0d57')
      .replaceAll(katakana, (found) => String.fromCharCode(found.charCodeAt(0) - 0x60))
      .replaceAll(markedKana, (found) => found.normalize('NFC'))
      .replaceAll(/(?!')\p{Quotation_Mark}/gu, '"')
      .replaceAll(/\p{Dash}/gu, '-')
  );
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** More marks on one character than any language has (UAX #15, section 13). Sorting them takes quadratic time. */
const tooManyMarks = /(\p{M}{30})\p{M}+/gu;

/** Truncated if it grows too much: U+FDFA alone becomes 18 characters. */
function decomposed(text: string): string {
  const length = Math.min(maxFoldedLength, Math.max(shortTextLength, maxExpansion * text.length));
  return text.replaceAll(tooManyMarks, '$1').normalize('NFKD').slice(0, length);
}

/** The value of a decimal digit in any script: its ten digits are consecutive (the Unicode Standard, section 4.6). */
function digitValue(decimal: string): string {
  const code = decimal.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}
