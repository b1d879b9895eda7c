/** What must never be in a log. Every server of the suite has all that it logged looked through when it stops. */
import { expect } from 'vitest';
import { testSecret } from './databases.ts';

/** What the tests of this file have sent or received that lets somebody be somebody. */
const secrets = new Set([testSecret]);

/** Shorter ones are words that a line may well have in it. */
const shortestSecret = 12;

const secretFields = ['password', 'currentPassword', 'newPassword', 'token'];

/** Looked for whatever the tests sent. */
const neverLogged = {
  'a token': /eyJ[\w-]{8,}\.[\w-]{8,}/,
  'a private key': /PRIVATE KEY/,
  SQL: /\b(?:select|insert into|delete from)\b[^"]*\b(?:from|where|values|returning|using)\b|\bupdate\b[^"]*\bset\b|\btodo(?:_auth|_admin)?\.\w/i,
  'the id of a user that the tests made up': /\buser-\d+-\d+\b/,
};

/** Remembers what is secret in the headers and the JSON of a request or of its answer. */
export function noteSecrets(headers: Headers, body: unknown): void {
  const [, credentials = ''] = /^\S+ +(.+)$/.exec(headers.get('authorization') ?? '') ?? [];
  const cookies = [headers.get('cookie') ?? '', ...headers.getSetCookie()].map((cookie) => cookie.split('=')[1] ?? '');
  noteSecret(credentials, headers.get('set-auth-token'), ...cookies.map((cookie) => cookie.split(';')[0]));
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  noteSecret(...secretFields.map((name) => fields[name]));
}

export function noteSecret(...values: unknown[]): void {
  for (const value of values) {
    if (typeof value !== 'string') continue;
    // The last part of a token is its signature, the first of a session's what names it.
    for (const part of [value, ...value.split('.')]) if (part.length >= shortestSecret) secrets.add(part);
  }
}

/**
 * Fails the test unless each of these is one line of JSON with nothing secret in it.
 *
 * @param lines as they were written, ends of lines included
 */
export function expectCleanLog(lines: readonly string[]): void {
  for (const line of lines) {
    // Nothing that ends a line early, or that a terminal would obey.
    if (!/^\{[^\p{Cc}\u2028\u2029]*\}\n$/u.test(line)) expect.fail(`not one line of JSON: ${JSON.stringify(line)}`);
    JSON.parse(line);
    // Quoted identifiers of SQL, as Drizzle writes them, must not hide it.
    const unquoted = line.replaceAll('\\"', '');
    for (const [name, pattern] of Object.entries(neverLogged)) {
      if (pattern.test(unquoted)) expect.fail(`${name} is in the log: ${line}`);
    }
    for (const secret of secrets) {
      if (line.includes(secret)) expect.fail(`the secret ${secret} is in the log: ${line}`);
    }
  }
}
