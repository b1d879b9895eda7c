/** The commands of the page on the embedded issuer, with an SMTP server, and the commands of its operator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSmtpServer } from '../support/smtp-server.ts';
import { codeOf } from '../support/totp.ts';
import { emptyFolder, migratedFolder, root, run, runCommand, serveReady } from './built-command.ts';

const page = readFileSync(join(root, 'docs', 'embedded-issuer.md'), 'utf8');
/** The requests of the page, in its order. */
const requests = [...page.matchAll(/^```sh\n(curl .*?)^```$/gms)].map(([, code = '']) => code);

test('the requests of the page work in their order, as a page of an application sends them', async () => {
  const smtp = await startSmtpServer();
  onTestFinished(() => smtp.close());
  const server = await serveReady({
    APP_URL: 'https://app.example.com/account',
    SMTP_URL: smtp.url,
    EMAIL_FROM: 'Todo <todo@example.com>',
    GITHUB_CLIENT_ID: 'id',
    GITHUB_CLIENT_SECRET: 'secret',
    TWO_FACTOR: 'on',
  });
  const directory = emptyFolder();
  const answers: Record<string, unknown>[] = [];
  /** The recipients of the links, in the order in which the requests use their tokens. */
  const recipients = ['ada@example.com', 'ada@example.com', 'ada.lovelace@example.com', 'ada.lovelace@example.com'];
  let totpUri = '';
  for (const request of requests) {
    const recipient = request.includes('$TOKEN') ? recipients.shift() : undefined;
    const token = recipient && (await smtp.next(recipient)).link?.searchParams.get('token');
    const script = request
      .replaceAll('http://localhost:3000', server.url)
      .replaceAll('curl ', 'curl -sS --fail-with-body ');
    // The set-up and the sign-in need a code each.
    const later = Number(answers.some(({ twoFactorRedirect }) => twoFactorRedirect));
    const environment = { ...(token && { TOKEN: token }), ...(totpUri && { CODE: codeOf(totpUri, later) }) };
    const { code, stdout, stderr } = await run('bash', ['-euc', script], { directory, environment }).ended;
    expect({ code, stderr }, `${request}\n${stdout}`).toEqual({ code: 0, stderr: '' });
    const answer = JSON.parse(stdout);
    answers.push(answer);
    totpUri = answer.totpURI ?? totpUri;
    // The second link is used, and the first one is not.
    if (request.includes('/send-verification-email')) await smtp.next('ada@example.com');
  }
  expect(recipients).toEqual([]);
  expect(answers).toMatchObject([
    { user: { emailVerified: false } },
    { status: true },
    { status: true },
    { status: true },
    { status: true },
    { user: { email: 'ada.lovelace@example.com', emailVerified: true } },
    { status: true },
    { status: true },
    { url: expect.stringMatching(/^https:\/\/github\.com\/login\/oauth\/authorize\?/) },
    { token: expect.any(String) },
    { totpURI: expect.stringMatching(/^otpauth:/) },
    { user: { email: 'ada.lovelace@example.com' } },
    { twoFactorRedirect: true },
    { token: expect.any(String) },
    { backupCodes: expect.any(Array) },
    { status: true },
  ]);
});

test('reset-password prints a password that signs in, end-second-factor ends the code, and both name what is wrong', async () => {
  const directory = migratedFolder();
  const first = await serveReady({ TWO_FACTOR: 'on' }, directory);
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const post = (url: string, path: string, body: object, session: string | null = null) =>
    fetch(`${url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(session && { Authorization: `Bearer ${session}` }) },
      body: JSON.stringify(body),
    });
  const signedUp = await post(first.url, '/sign-up/email', person);
  const beginning = signedUp.headers.get('set-auth-token');
  const begun = await post(first.url, '/two-factor/enable', { password: person.password }, beginning);
  const { totpURI } = (await begun.json()) as { totpURI: string };
  const confirmed = await post(first.url, '/two-factor/verify-totp', { code: codeOf(totpURI) }, beginning);
  const session = confirmed.headers.get('set-auth-token');
  expect(session).not.toBeNull();
  const inUse = await runCommand(['reset-password', person.email], { directory }).ended;
  expect(inUse).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/is in use by process \d+/) });
  first.process.kill('SIGTERM');
  await first.ended;

  const ended = await runCommand(['end-second-factor', 'ADA@example.com'], { directory }).ended;
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/needs only the password\.\n$/), stderr: '' });
  const reset = await runCommand(['reset-password', 'ADA@example.com'], { directory }).ended;
  expect(reset).toMatchObject({ code: 0, stdout: expect.stringMatching(/^([a-z2-9]{5}-){3}[a-z2-9]{5}\n$/) });
  expect(reset.stderr).toMatch(
    /All sessions of the user have ended\. The address was not confirmed, so the API tokens/,
  );
  const unknown = await runCommand(['reset-password', 'eve@example.com'], { directory }).ended;
  expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/no account has the address/) });
  const none = await runCommand(['reset-password'], { directory }).ended;
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/Usage: todo-api reset-password EMAIL/) });
  const elsewhere = { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://app.example.com' };
  const external = await runCommand(['reset-password', person.email], { directory, environment: elsewhere }).ended;
  expect(external).toMatchObject({ code: 1, stderr: expect.stringMatching(/AUTH_MODE: is jwks/) });

  const second = await serveReady({ TWO_FACTOR: 'on' }, directory);
  expect((await post(second.url, '/sign-in/email', person)).status).toBe(401);
  const signIn = await post(second.url, '/sign-in/email', { ...person, password: reset.stdout.trim() });
  expect(signIn.status).toBe(200);
  const old = await fetch(`${second.url}/api/auth/token`, { headers: { Authorization: `Bearer ${session}` } });
  expect(old.status).toBe(401);
});
