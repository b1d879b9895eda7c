/**
 * Builds if `dist/` is not what the sources say, and if that can be done here. npm runs it after an installation in a
 * clone, when others install the package from git, and before `npm start`. An installation without a compiler succeeds,
 * because `dist/` may be copied there later.
 *
 * The script is `postprepare`, which npm runs after `prepare`, whether there is one or not. A package with `prepare`
 * makes npm warn everyone who installs it from a file or from git.
 */
import { build, hasSources, isBuilt, isUpToDate, missingTools } from './dist.js';

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
    if (!(await build())) fail('todo-api could not be built; the compiler has said why.');
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM'].includes(error.code)) throw error;
    const reason = `this user may not write here (${error.code}). Run \`npm run build\` as the owner of the files.`;
    if (isBuilt()) console.error(`todo-api: dist/ was built from other sources and is used as it is: ${reason}`);
    else fail(`todo-api is not built: ${reason}`);
  }
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
