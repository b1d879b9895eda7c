/** The command `reset-password`: gives a user of the embedded issuer a new password. */
import { eraseTokensInTransaction } from '../../account/erasure.ts';
import type { Command } from './command.ts';
import { withAccounts } from './with-accounts.ts';

export const resetPassword: Command = {
  parameters: ['EMAIL'],
  summary: 'embedded issuer: give a user a new password, print it, then exit',
  run: ([email = '']) =>
    withAccounts(async (pool) => {
      // Better Auth is loaded only by what uses it.
      const { setRandomPassword } = await import('../../auth/better-auth/operator-reset.ts');
      const { password, hasEndedAccess } = await setRandomPassword(pool, email, eraseTokensInTransaction);
      process.stdout.write(`${password}\n`);
      process.stderr.write(
        [
          `This is the new password of ${email}. All sessions of the user have ended.`,
          ...(hasEndedAccess
            ? ['The address was not confirmed, so the API tokens and the second factor have ended, too.']
            : []),
          'JWTs that were issued before are valid for up to 15 minutes.\n',
        ].join(' '),
      );
    }),
};
