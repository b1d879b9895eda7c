/** The release script, in a temporary repository. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder, root, runSource } from './built-command.ts';

const changes =
  '# Changelog\n\n## Unreleased\n\n### Added\n\n- A feature for $1.\n\n## 1.0.0 - 2026-01-01\n\n- The first.\n';

test('sets the version everywhere, dates the changelog, commits and tags', async () => {
  const project = repository(changes);
  expect(await project.release('1.1.0')).toMatchObject({ code: 0, stderr: '' });
  const today = new Date().toISOString().slice(0, 10);
  expect(project.read('CHANGELOG.md')).toBe(
    changes.replace('## Unreleased\n', () => `## Unreleased\n\n## 1.1.0 - ${today}\n`),
  );
  expect(JSON.parse(project.read('package.json')).version).toBe('1.1.0');
  expect(JSON.parse(project.read('package-lock.json'))).toMatchObject({
    version: '1.1.0',
    packages: { '': { version: '1.1.0' }, client: { version: '1.1.0' } },
  });
  expect(JSON.parse(project.read('client/package.json')).version).toBe('1.1.0');
  expect(JSON.parse(project.read('docs/openapi.json')).info.version).toBe('1.1.0');
  expect(project.git('log', '-1', '--format=%s %D')).toBe('Release 1.1.0 HEAD -> main, tag: v1.1.0\n');
  expect(project.git('status', '--porcelain')).toBe('');
  expect(JSON.parse(project.read('todo-api-1.1.0.cdx.json'))).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'todo-api', version: '1.1.0' } },
  });
});

test.each([
  ['an invalid version', changes, 'v1', false, 'the version is missing or invalid'],
  ['an existing tag', changes, '1.0.0', false, 'the tag v1.0.0 exists'],
  ['changes that are not committed', changes, '1.1.0', true, 'the working tree is not clean'],
  ['a changelog without entries', '## Unreleased\n\n## 1.0.0 - 2026-01-01\n\n- x\n', '1.1.0', false, 'no entries'],
])('rejects %s', async (_, changelog, version, isChanged, message) => {
  const project = repository(changelog);
  if (isChanged) writeFileSync(join(project.directory, 'new.txt'), '');
  expect(await project.release(version)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  expect(project.git('log', '--format=%s')).toBe('First\n');
  expect(project.git('diff')).toBe('');
});

function repository(changelog: string) {
  const directory = emptyFolder();
  const git = (...words: string[]) => execFileSync('git', words, { cwd: directory, encoding: 'utf8' });
  for (const folder of ['scripts', 'docs', 'client']) mkdirSync(join(directory, folder));
  for (const name of ['scripts/release.ts', 'scripts/production-sbom.ts', '.gitignore']) {
    cpSync(join(root, name), join(directory, name));
  }
  const files = {
    'CHANGELOG.md': changelog,
    'package.json': { name: 'todo-api', version: '1.0.0', type: 'module' },
    'client/package.json': { name: 'todo-api-client', version: '1.0.0' },
    'package-lock.json': {
      name: 'todo-api',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'todo-api', version: '1.0.0' },
        client: { name: 'todo-api-client', version: '1.0.0' },
      },
    },
    'docs/openapi.json': { info: { version: '1.0.0' } },
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      join(directory, name),
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  }
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'release');
  git('config', 'user.email', 'release@localhost');
  git('add', '--all');
  git('commit', '--quiet', '--message=First');
  git('tag', 'v1.0.0');
  return {
    directory,
    git,
    read: (name: string) => readFileSync(join(directory, name), 'utf8'),
    release: (version: string) => runSource('scripts/release.ts', [version], { directory }).ended,
  };
}
