/** What makes two spellings the same tag. A change of it needs a new `version` in `derived.ts`. */

/**
 * Characters that fonts do not draw, but for those that change what is seen: the joiners, and the tag characters of
 * flags such as Scotland's.
 */
const notDrawn = /(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])\p{Default_Ignorable_Code_Point}/gu;

/** A joiner changes the characters around it in scripts such as Persian and Hindi, and in emoji; not beside ASCII. */
const idleJoiner = /(?!(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f]))[\u200c\u200d]/gu;

/**
 * The same for names that differ in case, in Unicode normalization (NFC or NFD), in the kind of their spaces, or in
 * characters that are not drawn. Accents, width and compatibility variants make different tags.
 */
export function tagKey(name: string): string {
  const drawn = name.normalize('NFD').replaceAll(notDrawn, '').replaceAll(idleJoiner, '');
  return caseFolded(drawn.replaceAll(/\p{White_Space}/gu, ' ')).normalize('NFC');
}

/**
 * Full case folding (the Unicode Standard, section 5.18), which JavaScript does not have. Going by upper case gives it,
 * but for ı, which folds to itself, and for ς, which `toLowerCase` makes at the end of a word.
 */
function caseFolded(text: string): string {
  return text.replaceAll(/[^ı]+/g, (part) => part.toLowerCase().toUpperCase().toLowerCase()).replaceAll('ς', 'σ');
}
