/** What each command of the command line does; each gives the exit code. */
import { describeApi } from '../api.ts';
import { type ReadEnvironment, readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { printConfig } from '../config/print.ts';
import { startServer } from '../server/server.ts';
import { createServices } from '../services.ts';
import { banner } from './banner.ts';

export const commands: Readonly<Record<string, () => Promise<number>>> = { serve, migrate, openapi, config };

async function serve(): Promise<number> {
  // Before anything else, for opening the embedded database takes a while.
  const stop = nextStopSignal();
  const services = await createServices(loadConfig(currentEnvironment().variables));
  const { config, log } = services;
  const server = await startServer(services).catch(async (error: unknown) => {
    await services.close();
    throw error;
  });
  log.info({ address: server.address.address, port: server.address.port }, 'listening');
  if (server.metricsAddress) log.info({ port: server.metricsAddress.port }, 'serving metrics');
  server.ready.then(
    () => process.stdout.isTTY && process.stdout.write(banner(config, server.address.port)),
    () => {},
  );
  const unprepared = server.ready.then(() => new Promise<never>(() => {}));
  const lost = services.database.lost ?? new Promise<never>(() => {});
  const signal = await Promise.race([stop, unprepared, lost]).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  log.info({ signal }, 'stopping');
  return (await server.stop()) ? 0 : 1;
}

/** The first SIGTERM or SIGINT. A second one finds nothing more to do, and must not end the process by itself. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve).on('SIGINT', resolve);
  });
}

async function migrate(): Promise<number> {
  const services = await createServices(loadConfig({ ...currentEnvironment().variables, MIGRATE_ON_START: 'true' }));
  try {
    const applied = await services.database.prepare();
    process.stdout.write(applied.length > 0 ? `Applied ${applied.join(', ')}.\n` : 'The schema is up to date.\n');
    return 0;
  } finally {
    await services.close();
  }
}

async function openapi(): Promise<number> {
  process.stdout.write(`${JSON.stringify(describeApi({ hasIssuer: true }), null, 2)}\n`);
  return 0;
}

async function config(): Promise<number> {
  const { variables, fromFile } = currentEnvironment();
  process.stdout.write(`${printConfig(variables, fromFile)}\n`);
  loadConfig(variables);
  return 0;
}

/** The environment of this process in its directory. Its warnings go to standard error, where refusals go, too. */
function currentEnvironment(): ReadEnvironment {
  const environment = readEnvironment(process.cwd());
  for (const warning of environment.warnings) process.stderr.write(`todo-api: warning: ${warning}\n`);
  return environment;
}
