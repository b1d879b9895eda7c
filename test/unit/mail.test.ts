/** Sending of e-mails: failures of SMTP servers, repetitions, bounds, and the shutdown. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { SmtpServer } from '../../src/config/email.ts';
import { createMailQueue, maxQueuedMessages } from '../../src/mail/mail-queue.ts';
import { createDelivery, type DeliveryError } from '../../src/mail/smtp.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';

let smtp: TestSmtpServer;

beforeAll(async () => {
  smtp = await startSmtpServer();
});

afterAll(() => smtp.close());

// As in the configuration.
const from = Object.freeze({ name: 'Todo', address: 'todo@example.com' });
const message = (to: string) => ({ to, subject: 'Confirm', text: 'https://app.example.com/?token=x\n' });

function serverAt(url: string, more: Partial<SmtpServer> = {}): SmtpServer {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), tls: 'optional', login: null, ...more };
}

function deliveryTo(url: string, more: Partial<SmtpServer> = {}) {
  return createDelivery({ smtp: serverAt(url, more), from });
}

/** A queue for the SMTP server of this file, which repeats after milliseconds. */
function queue(url = smtp.url, delaysMs: readonly number[] = [1, 1]) {
  const failures: string[] = [];
  const ended: string[] = [];
  const deliver = deliveryTo(url);
  const created = createMailQueue({
    deliver: (each, stopped) => deliver(each, stopped).finally(() => ended.push(each.to)),
    onFailure: (reason) => failures.push(reason),
    delaysMs,
  });
  onTestFinished(() => void created.close(0));
  return { ...created, failures, ended };
}

const failureOf = (url: string, more: Partial<SmtpServer> = {}) =>
  deliveryTo(url, more)(message('ada@example.com'), new AbortController().signal).then(
    () => expect.fail('the message was sent'),
    (error: DeliveryError) => error,
  );

test('a message arrives in plain text, and its recipient is one address whatever it contains', async () => {
  const { send } = queue();
  send(message('plain@example.com'));
  const { head, text } = await smtp.next('plain@example.com');
  expect(head).toMatch(/^Content-Type: text\/plain; charset=utf-8$/im);
  expect(text.trim()).toBe('https://app.example.com/?token=x');
});

test('a greylisted message is sent again', async () => {
  const { send, failures } = queue();
  smtp.rejectRecipients('451 4.7.1 Greylisted, try again', 2);
  send(message('grey@example.com'));
  await smtp.next('grey@example.com');
  expect(failures).toEqual([]);
});

test('a message is dropped after the repetitions, or at once if the server rejects it for good', async () => {
  const { send, failures } = queue();
  smtp.rejectRecipients('451 4.7.1 <late@example.com> Greylisted', 3);
  send(message('late@example.com'));
  await vi.waitUntil(() => failures.length === 1, 20_000);
  smtp.rejectRecipients('550 5.1.1 <gone@example.com> unknown', 1);
  send(message('gone@example.com'));
  await vi.waitUntil(() => failures.length === 2, 20_000);
  expect(failures[0]).toContain('(451 4.7.1)');
  expect(failures[1]).toContain('(550 5.1.1)');
  expect(failures.join()).not.toContain('@example.com');
  expect(smtp.emails.map(({ to }) => to)).not.toContain('late@example.com');
});

test('the failure of a login names the variable, and is permanent', async () => {
  const strict = await startSmtpServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) => callback(new Error('no')),
  });
  onTestFinished(() => strict.close());
  const login = { user: 'todo', password: 'not the password' };
  const { message: text, isTemporary } = await failureOf(strict.url, { login });
  expect(text).toMatch(/rejected the login \(535.*\)\. Check the user and the password in SMTP_URL/);
  expect([isTemporary, text.includes('not the password')]).toEqual([false, false]);
});

test('a server without STARTTLS, or with an untrusted certificate, gets no message', async () => {
  const withoutTls = await failureOf(smtp.url, { tls: 'required' });
  expect(withoutTls.message).toMatch(/no trusted TLS to the SMTP server.*\?tls=optional/);
  const untrusted = await startSmtpServer({ disabledCommands: ['AUTH'] });
  onTestFinished(() => untrusted.close());
  expect((await failureOf(untrusted.url, { tls: 'required' })).message).toMatch(/no trusted TLS.*NODE_EXTRA_CA_CERTS/);
  const implicit = await startSmtpServer({ disabledCommands: ['AUTH'], secure: true });
  onTestFinished(() => implicit.close());
  expect((await failureOf(implicit.url, { tls: 'implicit' })).message).toMatch(/no trusted TLS/);
  expect([...untrusted.emails, ...implicit.emails]).toEqual([]);
});

test('in a private network, a message is sent with an untrusted certificate', async () => {
  const untrusted = await startSmtpServer({ disabledCommands: ['AUTH'] });
  onTestFinished(() => untrusted.close());
  await deliveryTo(untrusted.url)(message('private@example.com'), new AbortController().signal);
  expect(untrusted.emails).toHaveLength(1);
});

test('a server that cannot be reached is temporary, and the message names the fix', async () => {
  const closed = await startSmtpServer();
  await closed.close();
  const { message: text, isTemporary } = await failureOf(closed.url);
  expect(text).toMatch(/cannot be reached.*ECONNREFUSED.*Check the host and the port in SMTP_URL/);
  expect(isTemporary).toBe(true);
});

/** A server that accepts connections and never responds. */
async function startSilentServer(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the queue is bounded, and a silent server delays no shutdown beyond the limit', async () => {
  const { send, close, failures } = queue(await startSilentServer());
  for (let count = 0; count < maxQueuedMessages + 3; count += 1) send(message(`many-${count}@example.com`));
  expect(failures).toEqual(Array(3).fill(`more than ${maxQueuedMessages} messages wait for the SMTP server.`));
  expect(await close(1)).toBe(false);
  expect(failures).toHaveLength(maxQueuedMessages + 3);
  expect(failures.at(-1)).toMatch(/stopped before the message was sent/);
  send(message('after@example.com'));
  expect(failures.at(-1)).toMatch(/is stopping/);
});

test('a shutdown sends what waits, also for a repetition', async () => {
  const { send, close, failures, ended } = queue(smtp.url, [3_600_000]);
  smtp.rejectRecipients('451 4.7.1 Greylisted', 1);
  send(message('delayed@example.com'));
  await vi.waitUntil(() => ended.length === 1, 20_000);
  for (let count = 0; count < 20; count += 1) send(message(`last-${count}@example.com`));
  expect(await close(20_000)).toBe(true);
  expect(failures).toEqual([]);
  const recipients = smtp.emails.map(({ to }) => to);
  expect(recipients).toEqual(
    expect.arrayContaining(['delayed@example.com', 'last-0@example.com', 'last-19@example.com']),
  );
});
