/**
 * Check of the language: phrases that CONTRIBUTING.md excludes, because they are idiomatic, ambiguous or personify.
 * In documents it reads the prose, and in code every line.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

const checked = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'examples'],
  ...['.ci', '.github', 'bench', 'bin', 'scripts', 'src', 'test'],
  ...['README.md', 'scripts', 'simulation', 'src', 'test'].map((name) => `client/${name}`),
];

const phrases = [
  { pattern: /\bwhoever\b/i, use: 'name the person or the program' },
  { pattern: /\b(some|no|any)body\b/i, use: 'name the person: a user, a client, an operator' },
  { pattern: /\bfor ever\b/i, use: '"without limit" or "permanently"' },
  { pattern: /\bin(to)? (the )?place of\b/i, use: '"instead of"' },
  { pattern: /\bunder way\b/i, use: '"in progress"' },
  { pattern: /\bmend(s|ed|ing)?\b/i, use: '"fix"' },
  { pattern: /\bat the (most|least)\b/i, use: '"at most" or "at least"' },
  { pattern: /, say[,.;:)]/i, use: '"for example"' },
  { pattern: /\b(is|are|was|were|be|been|being) told\b/i, use: '"receives" or "is notified"' },
  { pattern: /\btells? (of|its|which|whether|what|why|how)\b/i, use: '"reports" or "returns"' },
  { pattern: /\bsays? so\b/i, use: '"reports it"' },
  { pattern: /\btakes? (it|this|that|them) for\b/i, use: '"regards as"' },
  { pattern: /\bwhere there (is|are|was|were)\b/i, use: '"if there is"' },
  { pattern: /\bwhere (no|none|nothing)\b/i, use: '"if no"' },
  { pattern: /\b(trips?|requests?|statements?|rows?|lines?) an? (request|second|minute|user)\b/i, use: '"per"' },
  { pattern: /\bits (own )?affair\b/i, use: 'which part is responsible' },
  { pattern: /\bsees? to (it|its|the|what)\b/i, use: 'the verb for the action' },
];

const errors = checked.flatMap(errorsIn);
for (const error of errors) console.error(error);
process.exitCode = errors.length > 0 ? 1 : 0;

function errorsIn(path: string): string[] {
  return filesOf(path).flatMap((file) => {
    const text = textOf(file);
    return phrases.flatMap(({ pattern, use }) =>
      [...text.matchAll(acrossLines(pattern))].map(({ 0: phrase, index }) => {
        const line = text.slice(0, index).split('\n').length;
        return `${file}:${line}: "${phrase.replaceAll(/\s+/g, ' ')}": use ${use}`;
      }),
    );
  });
}

/** A phrase may continue on the next line, also in a comment. */
function acrossLines({ source }: RegExp): RegExp {
  return new RegExp(source.replaceAll(' ', String.raw`\s+(?:(?:\*|//|#)\s+)?`), 'gi');
}

function filesOf(path: string): string[] {
  const absolute = join(root, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat ? [path] : [];
  return readdirSync(absolute)
    .flatMap((name) => filesOf(`${path}/${name}`))
    .filter(isChecked);
}

/** This file and generated documents are not checked. The sources of generated documents are. */
function isChecked(file: string): boolean {
  return /\.(md|m?ts|js|yml)$|\.ci\//.test(file) && !/check-language\.ts$|\/generated\//.test(file);
}

/** The text of a file with the same lines, for documents without code and quotations. */
function textOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (/^<!-- Written by/.test(text)) return '';
  if (file.endsWith('.md')) return text.replace(/^```.*?^```|<!-- generated.*?<!-- end -->|"[^"\n]*"/gms, blank);
  return text;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, '');
}
