/** Strength of a new password, estimated by zxcvbn. */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Of 0 to 4: 3 stands for more than 10⁸ guesses. */
const minScore = 3;

/** Characters to estimate, because the time grows faster than the length. A longer password is at least as strong. */
const maxCharacters = 64;

/** Words that count for nothing, besides those of the user's name and address. */
const productWords = ['todo', 'api'];

/** Limits for the words of a user, so that a long name does not take long. */
const maxUserWords = 20;
const maxWordLength = 64;

/** Fixes for the reasons that zxcvbn gives. */
const fixes: Readonly<Record<string, string>> = {
  userInputs: 'It contains your name, your e-mail address or the name of this service, and little else.',
  topTen: 'It is one of the most common passwords.',
  topHundred: 'It is one of the most common passwords.',
  common: 'It is a common password.',
  similarToCommon: 'It is similar to a common password; replaced letters and capitals do not help.',
  simpleRepeat: 'It repeats characters.',
  extendedRepeat: 'It repeats a few characters.',
  sequences: 'It contains a sequence such as abc.',
  straightRow: 'It follows the keys of a keyboard.',
  keyPattern: 'It follows the keys of a keyboard.',
  dates: 'It consists of a date.',
  recentYears: 'It contains a year.',
};

/** The user whose password it will be. */
export interface PasswordOwner {
  readonly name: string;
  readonly email: string;
}

/** @returns a function that returns why a password is too weak, and how to fix it; null if it is strong enough */
export function createStrengthCheck(): (password: string, owner: PasswordOwner) => string | null {
  const zxcvbn = new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    // The default of 100 makes passwords with digits and symbols take ten times as long.
    l33tMaxSubstitutions: 8,
  });
  return (password, owner) => {
    const words = [...productWords, ...userWords(owner)];
    const guessed = password.replace(new RegExp(words.join('|'), 'giu'), '');
    // zxcvbn also finds these words reversed, or with replaced letters.
    const { score, feedback } = zxcvbn.check([...guessed].slice(0, maxCharacters).join(''), words);
    if (score >= minScore) return null;
    const reason = guessed === password ? fixes[feedback.warning ?? ''] : fixes.userInputs;
    return `is easy to guess. ${reason ?? 'It is too short for its pattern.'} Use four or more unrelated words, or a password manager.`;
  };
}

/** The words of letters and digits in the user's name and address, the longest ones first. */
function userWords({ name, email }: PasswordOwner): string[] {
  return `${name} ${email}`
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 2 && word.length <= maxWordLength)
    .slice(0, maxUserWords)
    .sort((one, other) => other.length - one.length);
}
