/** An SMTP server that receives the e-mails of the server under test. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { vi } from 'vitest';
import { noteSecret } from './log-scan.ts';

export interface ReceivedEmail {
  readonly to: string;
  readonly head: string;
  readonly text: string;
  /** The only link; null if there is none. */
  readonly link: URL | null;
}

export interface TestSmtpServer {
  readonly url: string;
  /** All e-mails so far. */
  readonly emails: readonly ReceivedEmail[];
  /** The first e-mail to this address that was not returned before, with a link for this action if one is given. */
  next(to: string, action?: string): Promise<ReceivedEmail>;
  /** Rejects the next recipients with this response, for example `451 4.7.1 Greylisted`. */
  rejectRecipients(response: string, times: number): void;
  close(): Promise<void>;
}

/** @param options replace the defaults: no login, and no TLS */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
  const emails: ReceivedEmail[] = [];
  const taken = new Set<ReceivedEmail>();
  const rejections: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo(_address, _session, callback) {
      const response = rejections.shift();
      callback(response === undefined ? null : rejection(response));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join(',');
        emails.push(parse(to, Buffer.concat(chunks).toString()));
        callback();
      });
    },
    ...options,
  });
  // A client that closes the connection early is an error of the server.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    emails,
    async next(to, action) {
      const hasAction = ({ link }: ReceivedEmail) => !action || link?.searchParams.get('action') === action;
      const isNext = (email: ReceivedEmail) => email.to === to && !taken.has(email) && hasAction(email);
      await vi.waitUntil(() => emails.some(isNext), 20_000);
      const email = emails.find(isNext) as ReceivedEmail;
      taken.add(email);
      return email;
    },
    rejectRecipients: (response, times) => rejections.push(...Array(times).fill(response)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function rejection(response: string): Error {
  const [, code, message] = /^(\d{3}) (.*)$/.exec(response) ?? [];
  return Object.assign(new Error(message), { responseCode: Number(code) });
}

function parse(to: string, message: string): ReceivedEmail {
  const [head = '', ...rest] = message.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const text = /quoted-printable/i.test(head) ? decodeQuotedPrintable(body) : body;
  const [link] = /https?:\/\/\S+|capacitor:\/\/\S+/.exec(text) ?? [];
  const email = { to, head, text: text.replaceAll('\r\n', '\n'), link: link === undefined ? null : new URL(link) };
  noteSecret(to, email.link?.searchParams.get('token'));
  return email;
}

/** RFC 2045, section 6.7. */
function decodeQuotedPrintable(text: string): string {
  return text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([\dA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
