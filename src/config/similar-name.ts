/** Suggestion of a variable for a misspelled name. */
import { type VariableName, variableNames } from './variables.ts';

/**
 * The variable whose name differs in one or two letters, in case, or in separators. Names of other programs do not
 * match: `HOSTS`, `AUTH0_ISSUER`, `OAUTH_ISSUER` and `DATABASE_POOL_MIN` do not.
 */
export function similarVariable(name: string): VariableName | null {
  // No variable of this server has a digit in its name. Variables of other programs often do.
  if (/\d/.test(name)) return null;
  return variableNames.find((candidate) => candidate !== name && isSimilar(name.toUpperCase(), candidate)) ?? null;
}

function isSimilar(name: string, candidate: string): boolean {
  if (name.replaceAll(/[_.-]/g, '') === candidate.replaceAll('_', '')) return true;
  const words = name.split(/[_.-]/);
  const candidateWords = candidate.split('_');
  if (words.length !== candidateWords.length) return false;
  const distances = candidateWords.map((word, index) => wordDistance(words[index] as string, word));
  // A single short word is one letter away from many other names.
  if (candidateWords.length === 1) return isTransposition(name, candidate);
  return distances.reduce((sum, distance) => sum + distance, 0) <= 2;
}

/** The edit distance of two words; infinite if it is too large for a typing error in a word of this length. */
function wordDistance(word: string, candidate: string): number {
  if (word === candidate || isTransposition(word, candidate)) return word === candidate ? 0 : 1;
  const distance = word[0] === candidate[0] ? editDistance(word, candidate) : Number.POSITIVE_INFINITY;
  return distance <= (candidate.length >= 6 ? 2 : 1) ? distance : Number.POSITIVE_INFINITY;
}

function isTransposition(word: string, candidate: string): boolean {
  if (word.length !== candidate.length) return false;
  const differing = [...candidate].flatMap((letter, index) => (letter === word[index] ? [] : [index]));
  const [first = 0, second = 0] = differing;
  return (
    differing.length === 2 &&
    second === first + 1 &&
    word[first] === candidate[second] &&
    word[second] === candidate[first]
  );
}

/** The Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, fromLetter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, toLetter] of [...to].entries()) {
      const substitution = (row[column] as number) + (fromLetter === toLetter ? 0 : 1);
      next.push(Math.min(substitution, (row[column + 1] as number) + 1, (next[column] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
