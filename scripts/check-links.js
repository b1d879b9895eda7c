/** Checks that what the documents point to is there, and that no dependency goes without a word about it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

const broken = documents.flatMap((document) => {
  const text = readFileSync(join(root, document), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, path]) =>
    join(dirname(document), path),
  );
  const paths = [...text.matchAll(/`((?:src|test|scripts|migrations|docs)\/[\w./-]*)`/g)].map(([, path]) => path);
  return [...links, ...paths].filter((path) => !existsSync(join(root, path))).map((path) => `${document}: ${path}`);
});
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const explained = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
const unexplained = Object.keys({ ...dependencies, ...devDependencies }).filter(
  (name) => !explained.includes(`\`${name}\``),
);

for (const link of broken) console.error(`${link} is not there`);
for (const name of unexplained) console.error(`docs/dependencies.md: nothing about ${name}`);
process.exitCode = broken.length + unexplained.length > 0 ? 1 : 0;
