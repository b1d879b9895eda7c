/** The two spellings of a nasal before a stop in Indic scripts: a letter with virama (हिन्दी), or anusvara (हिंदी). */

/** Unicode blocks with the same letters at the same offsets (the Unicode Standard, section 12.1); Tamil has no anusvara. */
const blocks = [0x0900, 0x0980, 0x0a00, 0x0a80, 0x0b00, 0x0c00, 0x0c80, 0x0d00];

/** The offsets of letters in a block: a nasal, and the first and the last stop of its row. */
const rows = [
  [0x19, 0x15, 0x18],
  [0x1e, 0x1a, 0x1d],
  [0x23, 0x1f, 0x22],
  [0x28, 0x24, 0x27],
  [0x2e, 0x2a, 0x2d],
] as const;

const anusvaraOffset = 0x02;
const viramaOffset = 0x4d;

const isIndic = /[\u0900-\u0b7f\u0c00-\u0d7f]/;
const nasalOfStop = new Map<string, string>();
const anusvaraOfNasal = new Map<string, string>();
const [nasals, anusvaras]: [string[], string[]] = [[], []];
for (const block of blocks) {
  const at = (offset: number) => String.fromCharCode(block + offset);
  for (const [nasal, first, last] of rows) {
    const letters = at(nasal) + at(viramaOffset);
    const stops = `[${at(first)}-${at(last)}]`;
    nasals.push(`${letters}(?=${stops})`);
    anusvaras.push(`${at(anusvaraOffset)}(?=${stops})`);
    anusvaraOfNasal.set(letters, at(anusvaraOffset));
    for (let stop: number = first; stop <= last; stop += 1) nasalOfStop.set(at(stop), letters);
  }
}
const nasal = new RegExp(nasals.join('|'), 'g');
const anusvara = new RegExp(anusvaras.join('|'), 'g');

/** The word itself, the word with all nasals as anusvara, and the word with all nasals as letters. */
export function nasalSpellings(word: string): string[] {
  if (!isIndic.test(word)) return [word];
  return [
    word,
    word.replaceAll(nasal, (letters) => anusvaraOfNasal.get(letters) ?? letters),
    word.replaceAll(anusvara, (mark, position: number) => nasalOfStop.get(word.charAt(position + 1)) ?? mark),
  ];
}
