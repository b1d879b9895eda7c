/** Outgoing e-mails of the issuer, with a limit per recipient, so that no other person can flood an address. */
import { hash } from 'node:crypto';
import type { Message } from '../../mail/smtp.ts';
import { createMemoryCounter, hourMs } from '../../rate-limit/fixed-window.ts';
import { type Email, messageOf } from './emails.ts';

/** The maximum e-mails of one kind to an address in an hour. Each of their links is valid for an hour. */
export const maxEmailsPerHour = 5;

export interface Outbox {
  /** Hands the e-mail over, unless the recipient has received the maximum. It does not wait. */
  send(email: Email): void;
}

/**
 * @param appUrl the page of the application, whose host the subjects name
 * @param onLimit called for each e-mail that is not sent
 */
export function createOutbox(sendMail: (message: Message) => void, appUrl: string, onLimit: () => void): Outbox {
  const counter = createMemoryCounter(maxEmailsPerHour, { windowMs: hourMs });
  const { host } = new URL(appUrl);
  return {
    send(email) {
      // Per kind, so that requests for other e-mails do not keep a user from a new password.
      const key = hash('sha256', `${email.kind} ${email.to}`, 'base64url');
      if (counter.consume(key).remaining < 0) onLimit();
      else sendMail(messageOf(email, host));
    },
  };
}
