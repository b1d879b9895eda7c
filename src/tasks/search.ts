/**
 * Full-text search without a search engine's grammar: the words that a task is found by, and those of a query.
 *
 * PostgreSQL's own parser differs with the locale of a database, and under row-level security an index on its vectors
 * goes unused, so the words are made here, kept in a table of their own, and found by their beginnings.
 */

/** In code points; as long as a query may be, so that no query is longer than what it is compared with. */
const longestWord = 200;

/** Scripts that are written without spaces: every character begins a word. */
const unspaced = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const longestUnspacedWord = 32;

const runs = new RegExp(`[${unspaced}][${unspaced}\\p{M}ー]*|(?:(?![${unspaced}])[\\p{L}\\p{N}\\p{M}])+`, 'gu');
const unspacedStart = new RegExp(`^[${unspaced}]`, 'u');
const sign = /[\p{P}\p{S}]/gu;

/** The letters that no decomposition takes to their base. */
const baseLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ς: 'σ',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
};

/** Every word of a text, once: those that its tasks are found by. Punctuation and symbols are words by themselves. */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  const folded = fold(text);
  for (const [run] of folded.matchAll(runs)) {
    if (unspacedStart.test(run)) for (const suffix of suffixes(run)) words.add(suffix);
    else words.add(cut(run, longestWord));
  }
  for (const [character] of folded.matchAll(sign)) words.add(character);
  return [...words];
}

/**
 * The words that a query asks for. Signs count only where they stand alone: in `"milk"` the quotes are decoration, in
 * `milk & eggs` the ampersand is meant.
 *
 * @returns null for a query without any, which asks for nothing in particular
 */
export function queriedWords(query: string): string[] | null {
  const tokens = fold(query).split(/\s+/u);
  const words = tokens.flatMap((token) => {
    const found = [...token.matchAll(runs)].map(([run]) =>
      cut(run, unspacedStart.test(run) ? longestUnspacedWord : longestWord),
    );
    return found.length > 0 ? found : [...token].filter((character) => /[\p{P}\p{S}]/u.test(character));
  });
  return words.length > 0 ? [...new Set(words)] : null;
}

/** The first word after all that begin with this one, by code points. U+10FFFF is no character and ends no word. */
export function endOfPrefix(word: string): string {
  return `${word}\u{10FFFF}`;
}

/** Without case, accents and other variants of the same letters. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/(?=\p{Mn})[\p{Script=Inherited}\p{Script=Hebrew}]/gu, '')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/(?=\p{Mn})[\p{Script=Inherited}\p{Script=Hebrew}]/gu, '')
    .replaceAll(/[ßςøłđðħŧıæœþ]/g, (letter) => baseLetters[letter] ?? letter);
}

function* suffixes(run: string): Generator<string> {
  const characters = [...run];
  for (let start = 0; start < characters.length; start += 1) {
    yield characters.slice(start, start + longestUnspacedWord).join('');
  }
}

function cut(word: string, length: number): string {
  return word.length <= length ? word : [...word].slice(0, length).join('');
}
