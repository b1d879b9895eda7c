/** What each command of the command line does; each gives the exit code. */
import { describeApi } from './app.ts';
import { readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { printConfig } from './config/print.ts';
import { greeting } from './greeting.ts';
import { startServer } from './server.ts';
import { createServices } from './services.ts';

export const commands: Readonly<Record<string, () => Promise<number>>> = { serve, migrate, openapi, config };

async function serve(): Promise<number> {
  const services = await createServices(loadConfig(readEnvironment(process.cwd())));
  const server = await startServer(services).catch(async (error: unknown) => {
    await services.close();
    throw error;
  });
  const { log } = services;
  const stopped = new Promise<boolean>((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      log.info({ signal }, 'stopping');
      resolve(server.stop());
    };
    // A second signal finds nothing more to do.
    process.once('SIGTERM', stop).once('SIGINT', stop);
    process.on('SIGTERM', () => {}).on('SIGINT', () => {});
  });
  log.info({ address: server.address.address, port: server.address.port }, 'listening');
  server.ready.then(
    () => process.stdout.isTTY && process.stdout.write(greeting(services.config, server.address.port)),
    () => {},
  );
  const failed = server.ready.then(() => new Promise<never>(() => {}));
  try {
    return (await Promise.race([stopped, failed])) ? 0 : 1;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function migrate(): Promise<number> {
  const services = await createServices(loadConfig({ ...readEnvironment(process.cwd()), MIGRATE_ON_START: 'true' }));
  try {
    const applied = await services.database.prepare();
    process.stdout.write(applied.length > 0 ? `Applied ${applied.join(', ')}.\n` : 'The schema is up to date.\n');
    return 0;
  } finally {
    await services.close();
  }
}

async function openapi(): Promise<number> {
  process.stdout.write(`${JSON.stringify(describeApi(), null, 2)}\n`);
  return 0;
}

async function config(): Promise<number> {
  const environment = readEnvironment(process.cwd());
  process.stdout.write(`${printConfig(environment)}\n`);
  loadConfig(environment);
  return 0;
}
