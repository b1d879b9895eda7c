/** SMTP transport, by nodemailer: one connection per message, with bounded time, and failures as causes with a fix. */
import { createTransport, type NodemailerError } from 'nodemailer';
import type { EmailConfig } from '../config/config.ts';

/** A message of plain text. */
export interface Message {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Hands a message over to the SMTP server.
 *
 * @throws DeliveryError
 */
export type Deliver = (message: Message, stopped: AbortSignal) => Promise<void>;

/** A message was not accepted. The text names the cause and the fix, and no address, because servers quote addresses. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** Whether the same message may be accepted later. */
  readonly isTemporary: boolean;

  constructor(message: string, isTemporary: boolean) {
    super(message);
    this.isTemporary = isTemporary;
  }
}

/** Maximum time for one message, in milliseconds. */
export const messageTimeoutMs = 60_000;

/** Maximum times for a connection and its greeting, and for a response, because a server can be silent in each state. */
const connectTimeoutMs = 10_000;
const silenceTimeoutMs = 20_000;

export function createDelivery({ smtp, from }: EmailConfig): Deliver {
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls === 'implicit',
    requireTLS: smtp.tls === 'required',
    // Without a check of the certificate, TLS still protects from readers on the way (RFC 7435).
    ...(smtp.tls === 'optional' && { opportunisticTLS: true, tls: { rejectUnauthorized: false } }),
    ...(smtp.login && { auth: { user: smtp.login.user, pass: smtp.login.password } }),
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ to, subject, text }, stopped) => {
    try {
      await transport.sendMail({
        // nodemailer changes the object, and the configuration is frozen.
        from: { ...from },
        to: { name: '', address: to },
        envelope: { from: from.address, to: [to] },
        subject,
        text,
        // Automatic replies must not answer (RFC 3834, section 5).
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.any([stopped, AbortSignal.timeout(messageTimeoutMs)]),
      });
    } catch (error) {
      throw toDeliveryError(error as NodemailerError, stopped.aborted);
    }
  };
}

function toDeliveryError(error: NodemailerError, isStopped: boolean): DeliveryError {
  const { code = '', originalCode, permanent, responseCode, response = '' } = error;
  // The rest of the response can contain the recipient.
  const [enhanced] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response) ?? [];
  const reply = responseCode === undefined ? '' : ` (${[responseCode, enhanced].filter(Boolean).join(' ')})`;
  const isTemporary = permanent !== true;
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return new DeliveryError(
        `the SMTP server rejected the login${reply}. Check the user and the password in SMTP_URL.`,
        responseCode !== undefined && isTemporary,
      );
    case 'EDNS':
    case 'ECONNECTION':
    case 'ESOCKET':
    case 'ETIMEDOUT': {
      const cause = originalCode ?? code;
      if (/CERT|TLS|SSL|SIGNED|UNABLE_TO/.test(cause)) return tlsError(cause);
      return new DeliveryError(
        `the SMTP server cannot be reached, or does not respond (${cause}). Check the host and the port in SMTP_URL, and the firewall. Port 465 needs smtps://, and port 587 smtp://.`,
        true,
      );
    }
    case 'ETLS':
      return tlsError(originalCode ?? code);
    case 'EENVELOPE':
      return new DeliveryError(
        `the SMTP server rejected the sender or the recipient${reply}. If this is the case for all recipients, check EMAIL_FROM and SMTP_URL.`,
        isTemporary,
      );
    case 'EABORT':
      return isStopped
        ? new DeliveryError('the server stopped before the message was sent.', false)
        : new DeliveryError('the SMTP server took too long. Check that it accepts messages.', true);
    default:
      return new DeliveryError(`the SMTP server rejected the message${reply || ` (${code})`}.`, isTemporary);
  }
}

/** The same configuration would fail again. */
function tlsError(cause: string): DeliveryError {
  return new DeliveryError(
    `there is no trusted TLS to the SMTP server (${cause}). Use a server with STARTTLS and a valid certificate, or smtps://. For a certificate of your own authority, set NODE_EXTRA_CA_CERTS. In a private network, add ?tls=optional to SMTP_URL.`,
    false,
  );
}
