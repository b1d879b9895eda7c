/** The command `end-second-factor`: lets a user of the embedded issuer sign in without the lost app. */
import { removeSecondFactor } from '../../auth/better-auth/operator-second-factor.ts';
import type { Command } from './command.ts';
import { withAccounts } from './with-accounts.ts';

export const endSecondFactor: Command = {
  parameters: ['EMAIL'],
  summary: 'embedded issuer: end the second factor of a user who has lost it, then exit',
  run: ([email = '']) =>
    withAccounts(async (pool) => {
      await removeSecondFactor(pool, email);
      process.stdout.write(`The second factor of ${email} has ended. The next sign-in needs only the password.\n`);
    }),
};
