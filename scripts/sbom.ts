/** Command that prints the SBOM of this version. The workflow of releases attaches it to the release. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productionSbom } from './production-sbom.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
process.stdout.write(productionSbom(root, version));
