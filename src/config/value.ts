/** The text of a variable as editors, shells, Docker and secret managers hand it on. */

/**
 * Without white space around it, and without one pair of quotes. Secret managers and `echo` append a line break, `set` on
 * Windows keeps a trailing space, and `docker run --env-file` keeps quotes, which are not part of the value in a `.env` file.
 */
export function cleanValue(text: string): string {
  const trimmed = text.trim();
  const [, , inner] = /^(["'`])(.*)\1$/su.exec(trimmed) ?? [];
  return inner === undefined ? trimmed : inner.trim();
}

/** Control characters, invisible ones, and all spaces but the usual one. */
const unexpected = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]|(?! )\p{Zs}/u;

const openingQuote = /^["'`“”„‟‘’‚‛«»‹›″＂]/u;
const closingQuote = /["'`“”‟‘’‛«»‹›″＂]$/u;

/** What templates leave anywhere in a value. Secrets are not checked for it: a password may have these characters. */
const leftoversInside: readonly Leftover[] = [
  [/\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}/u, 'nothing has replaced the expression in it; write the value itself'],
  [/\s#/u, 'it has a comment in it, which was not removed; put the comment on a line of its own'],
];

/** What templates, secret managers and Kubernetes leave instead of a value. */
const leftovers: readonly Leftover[] = [
  [
    /^(?:\$\{[^}]*\}|\$\([^)]*\)|\$?\{\{.*\}\}|\$[A-Za-z_]\w*|%\w+%)$/u,
    'nothing has replaced the expression in it; write the value itself',
  ],
  [
    /^(?:undefined|null|NULL|None|nil|NaN|<nil>|<no value>|\[object Object\])$/u,
    'a template had no value for it; set the value, or remove the variable',
  ],
  [/^<[^<>]*>$/u, 'it is a placeholder; write the value itself, without angle brackets'],
  [
    /^(?:op:\/\/|vault:|ref\+\w+:|secretref:|sm:\/\/|@Microsoft\.KeyVault\(|arn:aws[\w-]*:(?:secretsmanager|ssm):|projects\/[^/]+\/secrets\/)/u,
    'it is the address of a secret, which nothing has resolved; start the server with the tool that does, or write the value itself',
  ],
  [
    /^(?:encrypted:|ENC\[|\$ANSIBLE_VAULT)/u,
    'it is encrypted; start the server with the tool that decrypts it, or write the value itself',
  ],
  [
    /^(?:tcp|udp|sctp):\/\//u,
    'Kubernetes sets it for a Service of that name; set it in the container, or `enableServiceLinks: false` in the pod',
  ],
];

type Leftover = readonly [pattern: RegExp, message: string];

/** Why a cleaned value cannot be meant, whatever its variable; null if it can. */
export function refuseValue(text: string, isSecret: boolean): string | null {
  const character = unexpected.exec(text)?.[0];
  if (character !== undefined) return refuseCharacter(character);
  const opens = openingQuote.test(text);
  const closes = closingQuote.test(text);
  // A generated secret may begin or end with any character.
  if (isSecret ? opens && closes && !/["'`]/.test(`${text[0]}${text.at(-1)}`) : opens || closes) {
    return 'it has a quote that is not part of it, or a typographic one; remove it';
  }
  const candidates = isSecret ? leftovers : [...leftovers, ...leftoversInside];
  return candidates.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

function refuseCharacter(character: string): string {
  if (/[\r\n]/.test(character))
    return 'it has a line break in it; write it on one line (`openssl rand` breaks long ones)';
  if (character === '\ufffd') return 'it is not text in UTF-8; set it again';
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `it has the invisible character U+${code} in it; type it again instead of pasting it`;
}
