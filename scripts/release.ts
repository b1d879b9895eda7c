/**
 * Release of a version: sets it in the manifests and the OpenAPI document, dates the section of the changelog, commits
 * and tags. It also writes the SBOM of the version, a file that git ignores. It does not push and does not publish.
 *
 * Usage: npm run release -- X.Y.Z
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { productionSbom } from './production-sbom.ts';

interface Versioned {
  version: string;
}

const changelog = 'CHANGELOG.md';
const [version = ''] = process.argv.slice(2);
const tag = `v${version}`;

try {
  release();
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function release(): void {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
    throw new Error('the version is missing or invalid. Run `npm run release -- X.Y.Z`.');
  }
  if (git('status', '--porcelain') !== '')
    throw new Error('the working tree is not clean. Commit or stash the changes.');
  if (git('tag', '--list', tag) !== '') throw new Error(`the tag ${tag} exists. Choose another version.`);
  const text = readFileSync(changelog, 'utf8');
  const [heading, entries = ''] = /^## Unreleased\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(text) ?? [];
  if (heading === undefined || entries.trim() === '')
    throw new Error(`${changelog} has no entries under "## Unreleased". Describe the changes there.`);

  // Before the first change, so that a failure leaves the repository as it was.
  const sbom = productionSbom('.', version);
  const sbomFile = `todo-api-${version}.cdx.json`;

  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(
    changelog,
    text.replace(heading, () => `## Unreleased\n\n## ${version} - ${date}\n${entries}`),
  );
  editJson<Versioned>('package.json', (manifest) => {
    manifest.version = version;
  });
  editJson<Versioned>('client/package.json', (manifest) => {
    manifest.version = version;
  });
  editJson<Versioned & { packages: { '': Versioned; client: Versioned } }>('package-lock.json', (lock) => {
    lock.version = version;
    lock.packages[''].version = version;
    lock.packages.client.version = version;
  });
  editJson<{ info: Versioned }>('docs/openapi.json', (document) => {
    document.info.version = version;
  });
  git('commit', '--all', '--quiet', `--message=Release ${version}`);
  git('tag', '--annotate', tag, `--message=${version}`);
  writeFileSync(sbomFile, sbom);
  console.log(`Committed and tagged ${tag}, and wrote ${sbomFile}. To publish it: git push --follow-tags`);
}

function editJson<Content>(file: string, edit: (content: Content) => void): void {
  const content = JSON.parse(readFileSync(file, 'utf8')) as Content;
  edit(content);
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function git(...words: string[]): string {
  return execFileSync('git', words, { encoding: 'utf8' }).trim();
}
