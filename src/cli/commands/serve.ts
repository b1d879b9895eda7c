/** The command `serve`: starts the server and runs it until SIGTERM or SIGINT. */
import { loadConfig } from '../../config/load.ts';
import { startServer } from '../../server/server.ts';
import { createServices } from '../../services.ts';
import { banner } from '../banner.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const serve: Command = { summary: 'start the server (the default command)', run };

async function run(): Promise<number> {
  // Register the signal handlers first, because opening the embedded database takes seconds.
  const stop = nextStopSignal();
  const services = await createServices(loadConfig(currentEnvironment().variables));
  const { config, log } = services;
  for (const message of config.warnings) log.warn(message);
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
  const startupFailure = server.ready.then(() => new Promise<never>(() => {}));
  const databaseLost = services.database.lost ?? new Promise<never>(() => {});
  const signal = await Promise.race([stop, startupFailure, databaseLost]).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  log.info({ signal }, 'stopping');
  return (await server.stop()) ? 0 : 1;
}

/** Resolves to the first SIGTERM or SIGINT. The handlers stay, so that a second signal does not end the process. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve).on('SIGINT', resolve);
  });
}
