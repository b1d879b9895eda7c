/** Scan of logs for secrets. The complete log of every server in the suite is scanned when the server stops. */
import { expect } from 'vitest';
import { testSecret } from './databases.ts';

/** The credentials that the tests of this file have sent or received. */
const secrets = new Set([testSecret]);

/** Shorter values can be ordinary words of a log line. */
const shortestSecret = 12;

const secretFields = ['password', 'currentPassword', 'newPassword', 'token'];

/** Patterns that are always searched for. */
const neverLogged = {
  'a token': /eyJ[\w-]{8,}\.[\w-]{8,}/,
  'a private key': /PRIVATE KEY/,
  SQL: /\b(?:select|insert into|delete from)\b[^"]*\b(?:from|where|values|returning|using)\b|\bupdate\b[^"]*\bset\b|\btodo(?:_auth|_admin)?\.\w/i,
  'the id of a user that the tests made up': /\buser-\d+-\d+\b/,
};

/** Forgets the credentials of another test file, because they can be ordinary words in the log of this one. */
export function forgetSecrets(): void {
  secrets.clear();
  secrets.add(testSecret);
}

/** Records the credentials in the headers and the JSON of a request or a response. */
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
    // The last part of a token is its signature; the first part of a session token identifies the session.
    for (const part of [value, ...value.split('.')]) if (part.length >= shortestSecret) secrets.add(part);
  }
}

/**
 * Fails the test unless each of these is one line of JSON with nothing secret in it.
 *
 * @param lines the lines with their line ends
 */
export function expectCleanLog(lines: readonly string[]): void {
  for (const line of lines) {
    // No character that ends a line or controls a terminal.
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
