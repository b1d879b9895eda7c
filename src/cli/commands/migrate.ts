/** The command `migrate`: applies the pending migrations. */
import { loadConfig } from '../../config/load.ts';
import { createServices } from '../../services.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const migrate: Command = { summary: 'migrate the database schema to this version, then exit', run };

async function run(): Promise<number> {
  const services = await createServices(loadConfig({ ...currentEnvironment().variables, MIGRATE_ON_START: 'true' }));
  try {
    const applied = await services.database.prepare();
    process.stdout.write(applied.length > 0 ? `Applied ${applied.join(', ')}.\n` : 'The schema is up to date.\n');
    return 0;
  } finally {
    await services.close();
  }
}
