/**
 * Check of the language: phrases that CONTRIBUTING.md excludes, because they are idiomatic, ambiguous or personify.
 * In documents it reads the prose, in sources every line, and in tests the titles.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Files and folders that are checked for every phrase. */
const complete = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'bench', 'scripts', '.ci'];
/** Folders that still have some of the phrases. They are checked only for those with `gone: true`. */
const partial = ['src', 'test'];

const phrases = [
  { pattern: /\bwhoever\b/i, use: 'name the person or the program' },
  { pattern: /\b(some|no|any)body\b/i, use: 'name the person: a user, a client, an operator' },
  { pattern: /\bfor ever\b/i, use: '"without limit" or "permanently"' },
  { pattern: /\bin(to)? (the )?place of\b/i, use: '"instead of"' },
  { pattern: /\bunder way\b/i, use: '"in progress"' },
  { pattern: /\bmend(s|ed|ing)?\b/i, use: '"fix"' },
  { pattern: /\bat the (most|least)\b/i, use: '"at most" or "at least"' },
  { pattern: /, say[,.;:)]/i, use: '"for example"', gone: true },
  { pattern: /\b(is|are|was|were|be|been|being) told\b/i, use: '"receives" or "is notified"' },
  { pattern: /\btells? (of|its|which|whether|what|why|how)\b/i, use: '"reports" or "returns"' },
  { pattern: /\bsays? so\b/i, use: '"reports it"' },
  { pattern: /\btakes? (it|this|that|them) for\b/i, use: '"regards as"' },
  { pattern: /\bwhere there (is|are|was|were)\b/i, use: '"if there is"' },
  { pattern: /\bwhere (no|none|nothing)\b/i, use: '"if no"' },
  { pattern: /\b(trips?|requests?|statements?|rows?|lines?) an? (request|second|minute|user)\b/i, use: '"per"' },
  { pattern: /\bits (own )?affair\b/i, use: 'which part is responsible', gone: true },
  { pattern: /\bsees? to (it|its|the|what)\b/i, use: 'the verb for the action' },
];

const gone = phrases.filter((phrase) => phrase.gone);
const errors = [
  ...complete.flatMap((path) => errorsIn(path, phrases)),
  ...partial.flatMap((path) => errorsIn(path, gone)),
];
for (const error of errors) console.error(error);
process.exitCode = errors.length > 0 ? 1 : 0;

function errorsIn(path, excluded) {
  return filesOf(path).flatMap((file) => {
    const text = textOf(file);
    return excluded.flatMap(({ pattern, use }) =>
      [...text.matchAll(acrossLines(pattern))].map(({ 0: phrase, index }) => {
        const line = text.slice(0, index).split('\n').length;
        return `${file}:${line}: "${phrase.replaceAll(/\s+/g, ' ')}": use ${use}`;
      }),
    );
  });
}

/** A phrase may continue on the next line, also in a comment. */
function acrossLines({ source }) {
  return new RegExp(source.replaceAll(' ', String.raw`\s+(?:(?:\*|//|#)\s+)?`), 'gi');
}

function filesOf(path) {
  const absolute = join(root, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat ? [path] : [];
  return readdirSync(absolute)
    .flatMap((name) => filesOf(`${path}/${name}`))
    .filter(isChecked);
}

/** This file and generated documents are not checked. The sources of generated documents are. */
function isChecked(file) {
  return /\.(md|ts|js)$|\.ci\//.test(file) && !file.endsWith('check-language.js');
}

/** The text of a file, with its lines where they were: documents without code and quotations, tests only with titles. */
function textOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  if (/^<!-- Written by/.test(text)) return '';
  if (file.endsWith('.md')) return text.replace(/^```.*?^```|<!-- generated.*?<!-- end -->|"[^"\n]*"/gms, blank);
  if (!file.startsWith('test/')) return text;
  const titles = [...text.matchAll(/\(\s*(['"`])([^\n]*?)\1,\s*(?:async )?[({]/g)];
  return titles.map(({ 2: title }) => title).join('\n');
}

function blank(text) {
  return text.replaceAll(/[^\n]/g, '');
}
