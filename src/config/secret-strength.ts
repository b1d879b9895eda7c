/**
 * Estimate of what an attacker has to guess of a secret. Public samples, words of placeholders, repetitions and sequences
 * count as known, also if they are reversed, encoded, or written with digits for letters.
 */
import { commonWords, knownSecrets } from './known-secrets.ts';

/**
 * Bits below which a text is weak, and per character for short ones. Random secrets of 32 characters have 90 or more,
 * also those of digits only, and passphrases of six random words 130. `test/unit/secret-strength.test.ts` has the minimum.
 */
const minBits = 42;
const minBitsPerCharacter = 2;

/** Characters that are estimated, because the cost grows with their square. The beginning of a random text is random. */
const maxLength = 256;

/** Bits of parts that an attacker tries first. */
const wordBits = 1;
const shortWordBits = 4;
const repetitionBits = 7;
const sequenceBits = 0.2;

/** Fewer equal characters are also in random texts. */
const minRepetition = 4;

/** Whether an attacker can guess a secret offline, for example from one token that is signed with it. */
export function isWeakSecret(text: string): boolean {
  if (isRepetition(text)) return true;
  return variants(text).some(
    (variant) => estimatedBits(variant) <= Math.min(minBits, minBitsPerCharacter * variant.length),
  );
}

/** Whether the whole text repeats its beginning: then the text is found within itself, shifted. */
function isRepetition(text: string): boolean {
  return `${text}${text}`.indexOf(text, 1) < text.length;
}

/** The text and its decoded forms, without separators and case, in both directions, and with letters for digits. */
function variants(text: string): string[] {
  const plain = decodedForms(text).map((form) => withoutSeparators(form).slice(0, maxLength));
  const both = plain.flatMap((form) => (hasWords(form) ? [form, withLetters(form)] : [form]));
  return [...new Set(both.flatMap((form) => [form, reversed(form)]))];
}

/** Between letters or digits, and with brackets at the ends. */
const separators =
  /(?<=[\p{L}\p{N}])[-_+.,:/'"`\s]+(?=[\p{L}\p{N}@$!])|^[-_+.,:/'"`\s<>(){}[\]]+|[-_+.,:/'"`\s<>(){}[\]!?=]+$/gu;

function withoutSeparators(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(separators, '');
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}

/** Hexadecimal numbers are no words. */
function hasWords(text: string): boolean {
  return /[g-z]/.test(text);
}

/** Letters for the digits and signs that look like them. */
function withLetters(text: string): string {
  return text.replaceAll(/[0134578@$!|]/g, (sign) => lookalikes[sign] as string);
}

const lookalikes: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  8: 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'i',
};

/** The text itself, and what it is in hexadecimal, base64 and percent encoding, also if it is encoded twice. */
function decodedForms(text: string, depth = 0): string[] {
  if (depth > 3) return [];
  const inner = text.trim().replaceAll(/^(["'`<])|(["'`>])$/g, '');
  const candidates = [
    /^(?:0x|\\x)?(?:[\da-f]{2}[\s:-]?){8,}$/i.test(inner) &&
      Buffer.from(inner.replaceAll(/^0x|[\s:\\x-]/gi, ''), 'hex').toString('latin1'),
    /^(?:base64:)?[\w+/-]{16,}={0,2}$/.test(inner) &&
      Buffer.from(inner.replace(/^base64:/, ''), 'base64').toString('latin1'),
    /%[\da-f]{2}/i.test(inner) &&
      inner.replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
  ];
  const decoded = candidates.filter((candidate): candidate is string => typeof candidate === 'string');
  return [text, ...decoded.flatMap((form) => decodedForms(form, depth + 1))];
}

/** Bits of the cheapest description of the text by words, repetitions, sequences and single characters. */
function estimatedBits(text: string): number {
  const cheapest = [0];
  const seen = new Set<string>();
  const wordEnds = new Set<number>();
  const endsOf = new Map<string, number[]>();
  // In bytes that are not text, every value is equally likely.
  const isText = /^[\x20-\x7e]*$/.test(text);
  for (let end = 1; end <= text.length; end += 1) {
    const character = text[end - 1] as string;
    const afterPart = (length: number, bits: number) => (cheapest[end - length] as number) + bits;
    let bits = afterPart(1, continuesSequence(text, end - 1) ? sequenceBits : characterBits(character, seen, isText));
    seen.add(character);
    for (const word of wordsByEnd.get(text.slice(end - 2, end)) ?? []) {
      if (!text.endsWith(word, end)) continue;
      const isNext = wordEnds.has(end - word.length);
      const cost = afterPart(word.length, isNext || !isShort(word) ? wordBits : shortWordBits);
      if (cost >= bits) continue;
      bits = cost;
      wordEnds.add(end);
    }
    const ending = text.slice(Math.max(0, end - minRepetition), end);
    const earlier = endsOf.get(ending) ?? [];
    for (const other of earlier) {
      for (let length = minRepetition; isRepeated(text, other, end, length); length += 1) {
        bits = Math.min(bits, afterPart(length, repetitionBits));
      }
    }
    if (end >= minRepetition) endsOf.set(ending, [...earlier, end]);
    cheapest.push(bits);
  }
  return cheapest[text.length] as number;
}

/** Whether the last characters before two ends are equal. */
function isRepeated(text: string, end: number, laterEnd: number, length: number): boolean {
  return length <= end && text[end - length] === text[laterEnd - length];
}

/** Bits of one character: of its kind if it is new, otherwise of the characters that the text already has. */
function characterBits(character: string, seen: ReadonlySet<string>, isText: boolean): number {
  if (seen.has(character)) return Math.log2(seen.size);
  if (!isText) return 8;
  return Math.log2(/\d/.test(character) ? 10 : /[a-z]/.test(character) ? 26 : 33);
}

/** Whether the character and those before it are neighbours on a keyboard, or in a row with equal steps. */
function continuesSequence(text: string, index: number): boolean {
  if (index >= 3 && keyboardRuns.has(text.slice(index - 3, index + 1))) return true;
  for (let stride = 1; stride <= 4 && index >= (stride === 1 ? 2 : 3) * stride; stride += 1) {
    const step = text.charCodeAt(index) - text.charCodeAt(index - stride);
    if (Math.abs(step) > 1) continue;
    const isSteady = (stride === 1 ? [1] : [1, 2]).every(
      (back) => text.charCodeAt(index - back * stride) - text.charCodeAt(index - (back + 1) * stride) === step,
    );
    if (isSteady) return true;
  }
  return false;
}

const keyboardRows = [
  '1234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  'qwertzuiop',
  'yxcvbnm',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '!@#$%^&*()_+',
  '!"§$%&/()=',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю',
];

const keyboardRuns: ReadonlySet<string> = new Set(
  keyboardRows
    .flatMap((row) => [row, reversed(row)])
    .flatMap((row) => Array.from({ length: row.length - 3 }, (_, index) => row.slice(index, index + 4))),
);

/** All words, in the forms of `variants`, by their last two characters. */
const wordsByEnd: ReadonlyMap<string, readonly string[]> = groupedByEnd(
  [...knownSecrets, ...commonWords].flatMap((word) => {
    const form = withoutSeparators(word);
    return [form, withLetters(form)].flatMap((one) => [one, reversed(one)]);
  }),
);

function groupedByEnd(words: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const word of new Set(words)) {
    const end = word.slice(-2);
    if (word.length >= 2) groups.set(end, [...(groups.get(end) ?? []), word]);
  }
  return groups;
}

/** Short words and numbers are also in random texts, but not one after the other. */
function isShort(word: string): boolean {
  return word.length < 4 || /^\d{1,4}$/.test(word);
}
