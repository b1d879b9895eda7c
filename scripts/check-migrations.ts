/** Check that the migrations match the tables in the code: generating again must produce no migration. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'todo-api-migrations-'));
try {
  // A copy, so that the check does not change the migrations.
  const copy = join(folder, 'migrations');
  cpSync(join(root, 'migrations'), copy, { recursive: true });
  const config = join(folder, 'drizzle.config.ts');
  const original = JSON.stringify(join(root, 'drizzle.config.ts'));
  // drizzle-kit treats every path as relative.
  const out = JSON.stringify(relative(root, copy));
  writeFileSync(config, `import config from ${original};\nexport default { ...config, out: ${out} };\n`);

  const before = sqlFiles(copy);
  drizzleKit('check', config);
  drizzleKit('generate', config);
  for (const file of sqlFiles(copy).filter((name) => !before.includes(name))) {
    console.error('A migration is missing. `npm run migrations:generate` would write:\n');
    console.error(readFileSync(join(copy, file), 'utf8'));
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sqlFiles(directory: string): string[] {
  return readdirSync(directory).filter((file) => file.endsWith('.sql'));
}

function drizzleKit(command: 'check' | 'generate', config: string): void {
  const tool = join(root, 'node_modules', 'drizzle-kit', 'bin.cjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, command, `--config=${config}`], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // drizzle-kit also asks whether a column was renamed, and fails without a terminal.
  if (status !== 0 || /error/i.test(stderr)) {
    console.error(`drizzle-kit ${command} failed:\n${stdout}${stderr}`);
    process.exitCode = 1;
  }
}
