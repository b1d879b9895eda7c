/** Runner of all checks. It continues after a failed check, and lists the failed ones at the end. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const checks = [
  ['types', 'tsc -p . --noEmit'],
  ['lint and format', 'biome check --error-on-warnings .'],
  ['unused code', 'knip'],
  ['direction of imports', 'node scripts/check-imports.js'],
  ['generated documents', 'node scripts/generate-docs.js --check'],
  ['links in documents', 'node scripts/check-links.js'],
  ['language', 'node scripts/check-language.js'],
  ['migrations', 'node scripts/check-migrations.js'],
  ['tables of Better Auth', 'node scripts/check-auth-tables.js'],
];

const root = join(import.meta.dirname, '..');
const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);

const failed = checks.filter(([name, command]) => !passes(name, command)).map(([name]) => name);
if (failed.length > 0) {
  console.error(`\ncheck: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function passes(name, command) {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  console.log(`${status === 0 ? 'ok     ' : 'FAILED '} ${name}`);
  if (status !== 0) console.error(`${stdout}${stderr}`.trim());
  return status === 0;
}
