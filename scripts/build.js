/** Build of the package in `dist/`: the compiled sources, and the assets of the documentation page. */
import { build, missingTools } from './dist.js';

const missing = missingTools();
if (missing.length > 0) {
  console.error(`build: ${missing.join(' and ')} must be installed. Run \`npm ci --include=dev\` first.`);
  process.exit(1);
}
if (!(await build())) process.exitCode = 1;
