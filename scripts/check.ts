/** Runner of all checks. It continues after a failed check, and lists the failed ones at the end. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const checks: readonly (readonly [name: string, command: string])[] = [
  ['types', 'tsc -p . --noEmit'],
  ['types of the client', 'tsc -p client --noEmit'],
  ['types of the React example', 'tsc -p examples/react-tasks --noEmit'],
  ['lint and format', 'biome check --error-on-warnings .'],
  ['unused code', 'knip'],
  ['direction of imports', 'tsx scripts/check-imports.ts'],
  ['generated documents', 'tsx scripts/generate-docs.ts --check'],
  ['links in documents', 'tsx scripts/check-links.ts'],
  ['language', 'tsx scripts/check-language.ts'],
  ['migrations', 'tsx scripts/check-migrations.ts'],
  ['tables of Better Auth', 'tsx scripts/check-auth-tables.ts'],
];

const root = join(import.meta.dirname, '..');
const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);

const failed = checks.filter(([name, command]) => !passes(name, command)).map(([name]) => name);
if (failed.length > 0) {
  console.error(`\ncheck: failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function passes(name: string, command: string): boolean {
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
