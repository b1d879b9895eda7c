/** The command `reset-sync`: makes all clients that keep a copy begin with a snapshot. */
import { resetEpochs } from '../../changes/reset-epochs.ts';
import { loadConfig } from '../../config/load.ts';
import { openDriver } from '../../database/open-driver.ts';
import { assertSchemaUpToDate } from '../../database/schema/migrate.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const resetSync: Command = {
  summary: 'after restoring a backup: make all clients synchronize anew, then exit',
  run,
};

async function run(): Promise<number> {
  const driver = await openDriver(loadConfig(currentEnvironment().variables).database);
  try {
    await assertSchemaUpToDate(driver);
    const users = await resetEpochs(driver);
    process.stdout.write(`The cursors of ${users} ${users === 1 ? 'user' : 'users'} are reset.\n`);
    return 0;
  } finally {
    await driver.close();
  }
}
