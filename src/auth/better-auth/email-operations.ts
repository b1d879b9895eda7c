/** The endpoints that send e-mails, or take the tokens in them. They exist if the server sends e-mails. */
import { z } from 'zod';
import { text } from '../../http/request/text.ts';
import { email, get, type IssuerDescription, password, post, statusResponse, url, user } from './operation.ts';

const needs = 'email';

const page = url.optional().meta({
  description:
    'The page that the link in the e-mail leads to: a path on the origin of `APP_URL`, or a URL of that origin, of this server or of an origin in `CORS_ORIGINS`. Default: `APP_URL`. The link adds the parameters `action` and `token`.',
});

const token = text(2048).meta({ description: 'The `token` in the link.' });

const resetRequested = z
  .strictObject({ status: z.boolean(), message: z.string() })
  .meta({ id: 'PasswordResetRequested', description: 'The same for each address, with or without an account.' });

const verified = z.strictObject({ status: z.boolean(), user: user.nullable().optional() }).meta({
  id: 'VerifyEmailResponse',
  description:
    'The user after a change of the address. Without `user`, the next link was sent to the new address. Null if the address has not changed.',
});

export const emailDescriptions: readonly IssuerDescription[] = [
  post('requestPasswordReset', '/request-password-reset', 'Send an e-mail for a new password', {
    needs,
    token: 'none',
    description:
      'The response is the same if the address has no account. The token in the link is valid for an hour, and once.',
    body: z
      .strictObject({ email, redirectTo: page })
      .meta({ id: 'PasswordResetRequest', examples: [{ email: 'ada@example.com' }] }),
    response: { description: 'An e-mail is sent if the address has an account.', schema: resetRequested },
  }),
  post('resetPassword', '/reset-password', 'Set a new password with the token of an e-mail', {
    needs,
    token: 'none',
    description:
      'All sessions of the user end, devices that skip the second factor are forgotten, and the address is confirmed. If it was not confirmed before, the second factor, accounts at Google and GitHub, and API tokens end, too, because another person may have signed up with it. JWTs stay valid until they expire, but create no API tokens.',
    body: z.strictObject({ newPassword: password, token }).meta({ id: 'ResetPasswordRequest' }),
    response: { description: 'The password is changed. The user can sign in with it.', schema: statusResponse },
  }),
  post('sendVerificationEmail', '/send-verification-email', 'Send the e-mail that confirms the address again', {
    needs,
    token: 'session',
    body: z.strictObject({ email, callbackURL: page }).meta({ id: 'SendVerificationEmailRequest' }),
    response: { description: 'The e-mail is sent.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
  get('verifyEmail', '/verify-email', 'Confirm an address with the token of an e-mail', {
    needs,
    token: 'session',
    description:
      'Needs a session of the user whom the e-mail is about, because the address alone does not prove who signed up with it.',
    query: z.strictObject({ token, callbackURL: page }),
    response: { description: 'The address is confirmed.', schema: verified },
    problems: ['token_invalid'],
  }),
  post('changeEmail', '/change-email', 'Change the address of the user', {
    needs,
    token: 'session',
    description:
      'Sends an e-mail to the current address if it is confirmed, and after its confirmation, or otherwise at once, one to the new address. If the current address is not confirmed, a session of the last 10 minutes is needed. The address changes when the new one is confirmed. If another user has the address, the response is the same.',
    body: z.strictObject({ newEmail: email, callbackURL: page }).meta({ id: 'ChangeEmailRequest' }),
    response: { description: 'The first e-mail is sent.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
];
