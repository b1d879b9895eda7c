/** The e-mails of the embedded issuer: their texts and links. They contain no text that a user chose. */
import type { Message } from '../../mail/smtp.ts';

/** `change` goes to the current address, and `new-address` to the next one. */
export type EmailKind = 'sign-up' | 'change' | 'new-address' | 'reset' | 'password-changed';

export interface Email {
  readonly kind: EmailKind;
  readonly to: string;
  /** The token of the link; null without a link. */
  readonly token: string | null;
  /** The page that the link leads to. */
  readonly page: URL;
}

interface Template {
  /** What the page does with the token, as the parameter `action` of the link. */
  readonly action: 'verify-email' | 'reset-password';
  readonly subject: string;
  /** The reason, and what the link does. */
  readonly opening: string;
  /** What to do otherwise. */
  readonly closing: string;
}

const templates: Readonly<Record<EmailKind, Template>> = {
  'sign-up': {
    action: 'verify-email',
    subject: 'Confirm your e-mail address',
    opening: 'This address was used for an account. To confirm that it is yours, open this link:',
    closing: 'If you have no account there, ignore this message. Do not open the link.',
  },
  change: {
    action: 'verify-email',
    subject: 'Confirm the change of your e-mail address',
    opening: 'Another e-mail address was given for your account. To allow the change, open this link:',
    closing: 'If you did not ask for the change, do not open the link, and change your password.',
  },
  'new-address': {
    action: 'verify-email',
    subject: 'Confirm your new e-mail address',
    opening: 'This address was given as the new one of an account. To confirm that it is yours, open this link:',
    closing: 'If you did not ask for the change, ignore this message. Do not open the link.',
  },
  reset: {
    action: 'reset-password',
    subject: 'Set a new password',
    opening: 'A new password was requested for your account. To set it, open this link:',
    closing: 'If you did not ask for it, ignore this message. Your password stays the same.',
  },
  'password-changed': {
    action: 'reset-password',
    subject: 'Your password was changed',
    opening: 'The password of your account was changed with a link from an e-mail, and you were signed out everywhere.',
    closing: 'If it was not you, request a new password at once, and check who can read your e-mails.',
  },
};

/** @param application the host of the application, which the subject names */
export function messageOf({ kind, to, token, page }: Email, application: string): Message {
  const { action, subject, opening, closing } = templates[kind];
  const link = token === null ? [] : [linkTo(page, action, token), 'The link is valid for an hour.'];
  return {
    to,
    subject: `${subject} (${application})`,
    text: `${[opening, ...link, closing].join('\n\n')}\n`,
  };
}

function linkTo(page: URL, action: string, token: string): string {
  const url = new URL(page);
  url.searchParams.set('action', action);
  url.searchParams.set('token', token);
  return url.href;
}
