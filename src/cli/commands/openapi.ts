/** The command `openapi`: prints the OpenAPI document with all operations. */
import { describeApi } from '../../api.ts';
import { allFeatures } from '../../auth/better-auth/features.ts';
import type { Command } from './command.ts';

export const openapi: Command = { summary: 'print the OpenAPI document', run };

async function run(): Promise<number> {
  process.stdout.write(`${JSON.stringify(describeApi({ issuer: allFeatures }), null, 2)}\n`);
  return 0;
}
