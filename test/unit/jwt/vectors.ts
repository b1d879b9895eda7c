/**
 * Public test vectors (Wycheproof, JSONTestSuite, the Big List of Naughty Strings). They are not part of the project. The
 * tests use them if a folder beside the checkout has them in a folder `vectors`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const besideCheckout = join(import.meta.dirname, '..', '..', '..', '..');

/** The reason of a skipped test. */
export const vectorsMissing = 'no folder beside the checkout has a folder "vectors" with these public test vectors';

/** The content of a vector file, or undefined. */
export function readVectors<Content>(file: string): Content | undefined {
  const path = readdirSync(besideCheckout)
    .map((folder) => join(besideCheckout, folder, 'vectors', file))
    .find(existsSync);
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as Content);
}
