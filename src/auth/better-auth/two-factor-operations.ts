/** The endpoints for a second factor: codes of an authenticator app (RFC 6238), and backup codes. */
import { z } from 'zod';
import { text } from '../../http/request/text.ts';
import { anyPassword, type IssuerDescription, post, sessionHeaders, statusResponse, user } from './operation.ts';

const needs = 'two-factor';

const backupCodes = z.array(z.string()).meta({ description: 'Each one replaces a code of the app once.' });

const trustDevice = z.boolean().optional().meta({
  description: 'If true, sign-ins in this browser need no second factor for 30 days.',
});

const withPassword = z.strictObject({ password: anyPassword }).meta({ id: 'PasswordRequest' });

const verified = {
  description: 'The code is right. A sign-in is completed with a new session.',
  schema: z.strictObject({ token: z.string(), user }).meta({ id: 'TwoFactorVerifiedResponse' }),
  headers: {
    'Set-Auth-Token': 'Absent if the session stays the same. The session token, as for a sign-in.',
    'Set-Cookie': 'Absent if the session stays the same. The session cookie, for browsers.',
  },
};

const completes =
  'Completes a sign-in with the cookie `two_factor` of its response. After 5 wrong codes, the sign-in begins again, and after 10, the account accepts no code for 15 minutes.';

export const twoFactorDescriptions: readonly IssuerDescription[] = [
  post('enableTwoFactor', '/two-factor/enable', 'Begin to use a second factor', {
    needs,
    token: 'session',
    description: 'The sign-in needs it after the first code was verified with this session.',
    body: z
      .strictObject({
        password: anyPassword,
        issuer: text(64).optional().meta({ description: 'The name of the application in the authenticator app.' }),
      })
      .meta({ id: 'EnableTwoFactorRequest' }),
    response: {
      description: 'The secret for the authenticator app, and the backup codes. They are shown once.',
      schema: z
        .strictObject({
          method: z.string(),
          totpURI: z.string().meta({ description: 'For a QR code: `otpauth://totp/…`.' }),
          backupCodes,
        })
        .meta({ id: 'EnableTwoFactorResponse' }),
    },
    problems: ['token_invalid'],
  }),
  post('verifyTotp', '/two-factor/verify-totp', 'Verify a code of the authenticator app', {
    needs,
    token: 'none',
    description: `With a session, ends the set-up of the second factor. Each code is accepted once, and none of an earlier time after it. ${completes}`,
    body: z
      .strictObject({ code: text(16), trustDevice })
      .meta({ id: 'VerifyTotpRequest', examples: [{ code: '123456' }] }),
    response: verified,
    problems: ['token_invalid'],
  }),
  post('verifyBackupCode', '/two-factor/verify-backup-code', 'Verify a backup code', {
    needs,
    token: 'none',
    description: completes,
    body: z
      .strictObject({ code: text(64), trustDevice })
      .meta({ id: 'VerifyBackupCodeRequest', examples: [{ code: 'abcde-12345' }] }),
    response: verified,
    problems: ['token_invalid'],
  }),
  post('generateBackupCodes', '/two-factor/generate-backup-codes', 'Replace the backup codes', {
    needs,
    token: 'session',
    body: withPassword,
    response: {
      description: 'The new backup codes. The earlier ones are not valid.',
      schema: z.strictObject({ status: z.boolean(), backupCodes }).meta({ id: 'BackupCodesResponse' }),
    },
    problems: ['token_invalid'],
  }),
  post('disableTwoFactor', '/two-factor/disable', 'Stop using a second factor', {
    needs,
    token: 'session',
    body: withPassword,
    response: {
      description: 'The sign-in needs only the password. The user has a new session.',
      schema: statusResponse,
      headers: sessionHeaders,
    },
    problems: ['token_invalid'],
  }),
];
