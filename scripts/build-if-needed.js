/**
 * Build on demand: builds if `dist/` is out of date and the build tools are installed. npm runs it after an installation in
 * a clone, during an installation from git, and before `npm start`. An installation without a compiler succeeds, because
 * `dist/` may be copied there later.
 *
 * The script is `postprepare`, which npm runs even without a script `prepare`. With `prepare`, npm prints a warning to users
 * who install the package from a file or from git.
 */
import { build, codeOf, hasSources, isBuilt, isUpToDate, missingTools } from './dist.js';

const isStart = process.env.npm_lifecycle_event === 'prestart';

if (hasSources() && !isUpToDate()) await buildIfPossible();
else if (!hasSources() && !isBuilt() && isStart) fail('todo-api is not built: dist/ is missing, and so is src/.');

async function buildIfPossible() {
  const missing = missingTools();
  if (missing.length > 0) {
    const reason = `${missing.join(' and ')} is not installed. Run \`npm ci --include=dev && npm run build\`, or copy dist/ here.`;
    if (isBuilt()) console.error(`todo-api: dist/ was built from other sources and is used as it is: ${reason}`);
    else if (isStart) fail(`todo-api is not built: ${reason}`);
    else console.error(`todo-api is not built yet: ${reason}`);
    return;
  }
  try {
    if (!(await build())) fail('todo-api could not be built. The compiler printed the errors above.');
  } catch (error) {
    const code = codeOf(error);
    if (!['EROFS', 'EACCES', 'EPERM'].includes(code)) throw error;
    const reason = `this user may not write here (${code}). Run \`npm run build\` as the owner of the files.`;
    if (isBuilt()) console.error(`todo-api: dist/ was built from other sources and is used as it is: ${reason}`);
    else fail(`todo-api is not built: ${reason}`);
  }
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
