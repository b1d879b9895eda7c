/** The command `config`: prints the configuration, then checks it. */
import { loadConfig } from '../../config/load.ts';
import { printConfig } from '../../config/print.ts';
import { currentEnvironment } from '../current-environment.ts';

export const summary = 'print the resolved configuration with masked secrets';

export async function run(): Promise<number> {
  const { variables, fromFile } = currentEnvironment();
  process.stdout.write(`${printConfig(variables, fromFile)}\n`);
  loadConfig(variables);
  return 0;
}
