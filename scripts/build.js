/** Builds the package into `dist/`: the compiled sources, and the files of the documentation page. */
import { build, missingTools } from './dist.js';

const missing = missingTools();
if (missing.length > 0) {
  console.error(`build: ${missing.join(' and ')} must be installed to build; run \`npm ci --include=dev\` first.`);
  process.exit(1);
}
if (!(await build())) process.exitCode = 1;
