/** Keys of tags, which are equal for spellings of the same tag. A change needs a new `version` in `derived-data.ts`. */

/**
 * Characters that fonts do not draw. Excluded are those that change what is drawn: the joiners, and the tag characters
 * of flags such as Scotland's.
 */
const invisible = /(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])\p{Default_Ignorable_Code_Point}/gu;

/** A joiner without effect: it has ASCII beside it. Elsewhere it changes Persian, Hindi and emoji, for example. */
const ineffectiveJoiner = /(?!(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f]))[\u200c\u200d]/gu;

/**
 * The key of a name. It is equal for names that differ only in case, in Unicode normalization (NFC or NFD), in the kind
 * of spaces, or in invisible characters. Accents, width and compatibility variants make different tags.
 */
export function tagKey(name: string): string {
  const visible = name.normalize('NFD').replaceAll(invisible, '').replaceAll(ineffectiveJoiner, '');
  return caseFolded(visible.replaceAll(/\p{White_Space}/gu, ' ')).normalize('NFC');
}

/**
 * Full case folding (the Unicode Standard, section 5.18), which JavaScript lacks. A conversion through upper case gives
 * it, with two exceptions: ı folds to itself, and `toLowerCase` makes ς at the end of a word.
 */
function caseFolded(text: string): string {
  return text.replaceAll(/[^ı]+/g, (part) => part.toLowerCase().toUpperCase().toLowerCase()).replaceAll('ς', 'σ');
}
