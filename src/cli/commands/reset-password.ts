/** The command `reset-password`: gives a user of the embedded issuer a new password. */
import { ConfigError, loadConfig } from '../../config/load.ts';
import { openDriver } from '../../database/open-driver.ts';
import { assertSchemaUpToDate } from '../../database/schema/migrate.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const resetPassword: Command = {
  parameters: ['EMAIL'],
  summary: 'embedded issuer: give a user a new password, print it, then exit',
  run,
};

async function run([email = '']: readonly string[]): Promise<number> {
  const { auth, database } = loadConfig(currentEnvironment().variables);
  if (auth.mode !== 'embedded') {
    throw new ConfigError([`AUTH_MODE: is ${auth.mode}, and another issuer has the passwords; reset it there.`]);
  }
  const driver = await openDriver(database);
  try {
    await assertSchemaUpToDate(driver);
    // Better Auth is loaded only by what uses it.
    const { setRandomPassword } = await import('../../auth/better-auth/operator-reset.ts');
    const password = await setRandomPassword(driver.pool, email);
    process.stdout.write(`${password}\n`);
    process.stderr.write(
      `This is the new password of ${email}. All sessions of the user have ended. JWTs that were issued before are valid for up to 15 minutes.\n`,
    );
    return 0;
  } finally {
    await driver.close();
  }
}
