/** The command `config`: prints the configuration, then checks it. */
import { loadConfig } from '../../config/load.ts';
import { printConfig } from '../../config/print.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const config: Command = { summary: 'print the resolved configuration with masked secrets', run };

async function run(): Promise<number> {
  const { variables, fromFile } = currentEnvironment();
  process.stdout.write(`${printConfig(variables, fromFile)}\n`);
  loadConfig(variables);
  return 0;
}
