/** The command `openapi`: prints the OpenAPI document with all operations. */
import { describeApi } from '../../api.ts';

export const summary = 'print the OpenAPI document';

export async function run(): Promise<number> {
  process.stdout.write(`${JSON.stringify(describeApi({ hasIssuer: true }), null, 2)}\n`);
  return 0;
}
