/** Checks that what the documents point to is there: relative links, and paths of the repository in `code`. */
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
for (const link of broken) console.error(`${link} is not there`);
process.exitCode = broken.length > 0 ? 1 : 0;
