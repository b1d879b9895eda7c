/**
 * Tokenizer of the full-text search: the words of a task, and the words of a query.
 *
 * PostgreSQL's own parser depends on the locale of the database. Under row-level security, queries cannot use an index on
 * its vectors. Therefore the words are made here, stored in a table, and found by their prefixes.
 */

import { isVisible } from '../../http/request/text.ts';
import { fold, softBreak } from './fold.ts';
import { nasalSpellings } from './indic-nasals.ts';

/** The version of the stored words. Raise it with every change of `wordsOf`, so that tasks get their new words. */
export const wordsVersion = 3;

/**
 * Maximum number of words that are stored for a title and for a description. A row takes PostgreSQL about 9 µs. English
 * text of the maximum length has about 1,000 different words, and Chinese text has one per character.
 */
export const maxWords = 2_000;

/** Maximum number of words in a query. PostgreSQL plans a join per word, and its time grows with their number. */
export const maxQueriedWords = 10;

/** In code points. It is the maximum length of a query, so that a query is never longer than the stored words. */
const maxWordLength = 200;

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
const maxUnspacedWordLength = 32;

/** A letter of other scripts. Apostrophes and soft breaks join the parts of a word. */
const letter = `(?![${unspaced}])[\\p{L}\\p{N}\\p{M}]`;
const joiner = `['${softBreak}]`;

const runs = new RegExp(
  `[${unspaced}][${unspaced}\\p{M}ー${softBreak}]*|(?:${letter})+(?:${joiner}+(?:${letter})+)*`,
  'gu',
);
const unspacedStart = new RegExp(`^[${unspaced}]`, 'u');
const joiners = new RegExp(joiner, 'gu');

/** Visible characters other than letters, numbers and marks. They include symbols of later versions of Unicode. */
const sign = /[^\p{L}\p{N}\p{M}\p{White_Space}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The first words of a text, up to `maxWords`, each once. A word with an apostrophe yields its parts and the whole. Each
 * punctuation mark and symbol is a word; they come after the others.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  for (const word of allWords(fold(text))) {
    words.add(word);
    if (words.size === maxWords) break;
  }
  return [...words];
}

function* allWords(folded: string): Generator<string> {
  for (const [run] of folded.matchAll(runs)) {
    const whole = run.replaceAll(joiners, '');
    if (unspacedStart.test(run)) {
      yield* suffixes(whole);
      continue;
    }
    const parts = whole === run ? [] : run.split(joiners).filter((part) => part !== '');
    for (const word of [whole, ...parts].flatMap(nasalSpellings)) yield cut(word, maxWordLength);
  }
  for (const [character] of folded.matchAll(sign)) yield character;
}

/**
 * The words of a query. Signs count only if they stand alone: in `"milk"` the quotes are ignored, in `milk & eggs` the
 * ampersand counts.
 *
 * @returns null for a query without visible characters, which is no filter; an empty list for a query that no task can
 *   match, such as U+0640 alone
 */
export function queriedWords(query: string): string[] | null {
  if (!isVisible(query)) return null;
  const words = fold(query)
    .split(/[\p{White_Space}\p{Cc}]+/u)
    .flatMap((token) => {
      const found = [...token.matchAll(runs)].map(([run]) =>
        cut(run.replaceAll(joiners, ''), unspacedStart.test(run) ? maxUnspacedWordLength : maxWordLength),
      );
      return found.length > 0 ? found : (token.match(sign) ?? []);
    });
  return [...new Set(words)];
}

/** Whether a query has at most `maxQueriedWords`. */
export function hasFewWords(query: string): boolean {
  return (queriedWords(query)?.length ?? 0) <= maxQueriedWords;
}

/** The upper bound of all words with this prefix, by code points. U+10FFFF is not a character, so no word has it. */
export function prefixUpperBound(word: string): string {
  return `${word}\u{10FFFF}`;
}

function* suffixes(run: string): Generator<string> {
  const characters = [...run];
  for (let start = 0; start < characters.length; start += 1) {
    yield characters.slice(start, start + maxUnspacedWordLength).join('');
  }
}

function cut(word: string, length: number): string {
  return word.length <= length ? word : [...word].slice(0, length).join('');
}
