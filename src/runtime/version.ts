/** Version of this package. */
import { readFileSync } from 'node:fs';

/** The relative path is the same from `src/` and from `dist/`. */
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const version = manifest.version;
