/** Cleaning and validation of values that come from editors, shells, Docker and secret managers. */

/**
 * Removes white space and one pair of quotes around a value. Secret managers and `echo` append a line break, `set` on
 * Windows keeps a trailing space, and `docker run --env-file` keeps quotes.
 */
export function cleanValue(text: string): string {
  const trimmed = text.trim();
  const [, , inner] = /^(["'`])(.*)\1$/su.exec(trimmed) ?? [];
  return inner === undefined ? trimmed : inner.trim();
}

/** Control characters, invisible characters, and all spaces except U+0020. */
const invalidCharacter = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]|(?! )\p{Zs}/u;

const openingQuote = /^["'`“”„‟‘’‚‛«»‹›″＂]/u;
const closingQuote = /["'`“”‟‘’‛«»‹›″＂]$/u;

/** Unresolved expressions anywhere in a value. Secrets are not checked, because they can contain these characters. */
const unresolvedInside: readonly UnresolvedPattern[] = [
  [/\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}/u, 'it has an expression that was not replaced; write the value itself'],
  [/\s#/u, 'it has a comment in it; put the comment on its own line'],
];

/** Unresolved expressions that are the whole value. */
const unresolvedValues: readonly UnresolvedPattern[] = [
  [
    /^(?:\$\{[^}]*\}|\$\([^)]*\)|\$?\{\{.*\}\}|\$[A-Za-z_]\w*|%\w+%)$/u,
    'it has an expression that was not replaced; write the value itself',
  ],
  [
    /^(?:undefined|null|NULL|None|nil|NaN|<nil>|<no value>|\[object Object\])$/u,
    'a template had no value for it; set the value, or remove the variable',
  ],
  [/^<[^<>]*>$/u, 'it is a placeholder; write the value itself, without angle brackets'],
  [
    /^(?:op:\/\/|vault:|ref\+\w+:|secretref:|sm:\/\/|@Microsoft\.KeyVault\(|arn:aws[\w-]*:(?:secretsmanager|ssm):|projects\/[^/]+\/secrets\/)/u,
    'it is an unresolved reference to a secret; start the server with the tool that resolves it, or write the value itself',
  ],
  [
    /^(?:encrypted:|ENC\[|\$ANSIBLE_VAULT)/u,
    'it is encrypted; start the server with the tool that decrypts it, or write the value itself',
  ],
  [
    /^(?:tcp|udp|sctp):\/\//u,
    'Kubernetes sets it for a Service of that name; set it in the container, or set `enableServiceLinks: false` in the pod',
  ],
];

type UnresolvedPattern = readonly [pattern: RegExp, message: string];

/** The reason why a cleaned value is not plausible for any variable; null if it is plausible. */
export function rejectionReason(text: string, isSecret: boolean): string | null {
  const character = invalidCharacter.exec(text)?.[0];
  if (character !== undefined) return characterReason(character);
  const opens = openingQuote.test(text);
  const closes = closingQuote.test(text);
  // A generated secret can begin or end with any character.
  if (isSecret ? opens && closes && !/["'`]/.test(`${text[0]}${text.at(-1)}`) : opens || closes) {
    return 'it has an unmatched or typographic quote; remove the quote';
  }
  const candidates = isSecret ? unresolvedValues : [...unresolvedValues, ...unresolvedInside];
  return candidates.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

function characterReason(character: string): string {
  if (/[\r\n]/.test(character))
    return 'it has a line break in it; write it on one line (`openssl rand` breaks long values)';
  if (character === '\ufffd') return 'it is not valid UTF-8; set it again';
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `it has the invisible character U+${code} in it; type it again instead of pasting it`;
}
