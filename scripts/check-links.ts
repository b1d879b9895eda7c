/** Check of the documents: targets of links and paths exist, and docs/dependencies.md explains every dependency. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const documents: string[] = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'client/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

const broken = documents.flatMap((document) => {
  const text = readFileSync(join(root, document), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, path = '']) =>
    join(dirname(document), path),
  );
  const paths = [...text.matchAll(/`((?:src|test|bench|scripts|migrations|docs|examples)\/[\w./-]*)`/g)].map(
    ([, path = '']) => path,
  );
  return [...links, ...paths].filter((path) => !existsSync(join(root, path))).map((path) => `${document}: ${path}`);
});
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const explained = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
const unexplained = Object.keys({ ...dependencies, ...devDependencies }).filter(
  (name) => !explained.includes(`\`${name}\``),
);

for (const link of broken) console.error(`${link} does not exist`);
for (const name of unexplained) console.error(`docs/dependencies.md: ${name} is not explained`);
process.exitCode = broken.length + unexplained.length > 0 ? 1 : 0;
