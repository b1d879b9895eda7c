/**
 * Full-text search without a search engine's grammar: the words that a task is found by, and those of a query.
 *
 * PostgreSQL's own parser differs with the locale of a database, and under row-level security an index on its vectors
 * goes unused, so the words are made here, kept in a table of their own, and found by their beginnings.
 */

import { isVisible } from '../../http/request/text.ts';
import { fold, softBreak } from './fold.ts';
import { nasalSpellings } from './indic-nasals.ts';

/** Of the words that tasks are stored with. Raise it with every change of `wordsOf`, so that tasks get their new words. */
export const wordsVersion = 2;

/** In code points; as long as a query may be, so that no query is longer than what it is compared with. */
const longestWord = 200;

/**
 * Scripts that are written without spaces: every character begins a word. Han and the syllables beside it, and the
 * scripts of the line breaking class SA (UAX #14).
 */
const unspaced = [
  ...['Han', 'Hiragana', 'Katakana', 'Bopomofo'],
  ...['Thai', 'Lao', 'Khmer', 'Myanmar', 'Tai_Le', 'New_Tai_Lue', 'Tai_Tham', 'Tai_Viet', 'Ahom'],
]
  .map((script) => `\\p{Script=${script}}`)
  .join('');
const longestUnspacedWord = 32;

/** Of a word in other scripts. Parts of a word are joined by apostrophes and soft breaks. */
const letter = `(?![${unspaced}])[\\p{L}\\p{N}\\p{M}]`;
const joiner = `['${softBreak}]`;

const runs = new RegExp(
  `[${unspaced}][${unspaced}\\p{M}ー${softBreak}]*|(?:${letter})+(?:${joiner}+(?:${letter})+)*`,
  'gu',
);
const unspacedStart = new RegExp(`^[${unspaced}]`, 'u');
const joiners = new RegExp(joiner, 'gu');

/** All that can be seen and is no letter, number or mark, with symbols that this version of Unicode does not know. */
const sign = /[^\p{L}\p{N}\p{M}\p{White_Space}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Every word of a text, once: those that its tasks are found by. A word with an apostrophe is found by its parts and as
 * a whole. Punctuation and symbols are words by themselves.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  const folded = fold(text);
  for (const [run] of folded.matchAll(runs)) {
    const whole = run.replaceAll(joiners, '');
    if (unspacedStart.test(run)) {
      for (const suffix of suffixes(whole)) words.add(suffix);
      continue;
    }
    const parts = whole === run ? [] : run.split(joiners).filter((part) => part !== '');
    for (const word of [whole, ...parts].flatMap(nasalSpellings)) words.add(cut(word, longestWord));
  }
  for (const [character] of folded.matchAll(sign)) words.add(character);
  return [...words];
}

/**
 * The words that a query asks for. Signs count only where they stand alone: in `"milk"` the quotes are decoration, in
 * `milk & eggs` the ampersand is meant.
 *
 * @returns null for a query that shows nothing, which is no filter; none for a query that no task can match, such as one
 *   of U+0640 alone
 */
export function queriedWords(query: string): string[] | null {
  if (!isVisible(query)) return null;
  const words = fold(query)
    .split(/[\p{White_Space}\p{Cc}]+/u)
    .flatMap((token) => {
      const found = [...token.matchAll(runs)].map(([run]) =>
        cut(run.replaceAll(joiners, ''), unspacedStart.test(run) ? longestUnspacedWord : longestWord),
      );
      return found.length > 0 ? found : (token.match(sign) ?? []);
    });
  return [...new Set(words)];
}

/** The first word after all that begin with this one, by code points. U+10FFFF is no character and ends no word. */
export function prefixUpperBound(word: string): string {
  return `${word}\u{10FFFF}`;
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
