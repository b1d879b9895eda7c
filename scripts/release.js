/**
 * Release of a version: sets it in the manifests and the OpenAPI document, dates the section of the changelog, commits
 * and tags. It does not push and does not publish.
 *
 * Usage: npm run release -- X.Y.Z
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const changelog = 'CHANGELOG.md';
const [version = ''] = process.argv.slice(2);
const tag = `v${version}`;

try {
  release();
} catch (error) {
  console.error(`release: ${error.message}`);
  process.exitCode = 1;
}

function release() {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
    throw new Error('the version is missing or invalid. Run `npm run release -- X.Y.Z`.');
  }
  if (git('status', '--porcelain') !== '')
    throw new Error('the working tree is not clean. Commit or stash the changes.');
  if (git('tag', '--list', tag) !== '') throw new Error(`the tag ${tag} exists. Choose another version.`);
  const text = readFileSync(changelog, 'utf8');
  const [heading, entries = ''] = /^## Unreleased\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(text) ?? [];
  if (entries.trim() === '')
    throw new Error(`${changelog} has no entries under "## Unreleased". Describe the changes there.`);

  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    changelog,
    text.replace(heading, () => `## Unreleased\n\n## ${version} - ${date}\n${entries}`),
  );
  editJson('package.json', (manifest) => {
    manifest.version = version;
  });
  editJson('package-lock.json', (lock) => {
    lock.version = version;
    lock.packages[''].version = version;
  });
  editJson('docs/openapi.json', (document) => {
    document.info.version = version;
  });
  git('commit', '--all', '--quiet', `--message=Release ${version}`);
  git('tag', '--annotate', tag, `--message=${version}`);
  console.log(`Committed and tagged ${tag}. To publish it: git push --follow-tags`);
}

function editJson(file, edit) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  edit(content);
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function git(...words) {
  return execFileSync('git', words, { encoding: 'utf8' }).trim();
}
