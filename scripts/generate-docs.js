/** Writes the documents that repeat what the code says; with `--check` compares them instead. Needs a build. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeApi } from '../dist/app.js';
import { variables } from '../dist/config/variables.js';
import { securityEvents } from '../dist/observability/events.js';
import { createMetrics } from '../dist/observability/metrics.js';
import { requestFields } from '../dist/observability/recorder.js';
import { catalogue, problemType } from '../dist/problems/catalogue.js';

const docs = join(import.meta.dirname, '..', 'docs');

const documents = {
  'openapi.json': `${JSON.stringify(describeApi(), null, 2)}\n`,
  'configuration.md': configuration(),
  'problems.md': problems(),
  'observability.md': observability(),
};

for (const [name, text] of Object.entries(documents)) {
  const file = join(docs, name);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`docs/${name} is not what the code says; run \`npm run docs:generate\`.`);
    process.exitCode = 1;
  }
}

function configuration() {
  const rows = Object.entries(variables).map(([name, { meaning, fallback, fallbackNote }]) =>
    row([`\`${name}\``, fallback === null ? (fallbackNote ?? '–') : `\`${fallback}\``, meaning]),
  );
  return `${generated('src/config/variables.ts')}
# Configuration

The server reads these environment variables once, when it starts, and from a file \`.env\` in the directory that it is
started in; a variable of the environment goes before the same one in the file. A variable that is set to nothing counts
as not set. Where something cannot be used, the server does not start, and names every such variable and what to do.

\`todo-api config\` prints what is in force, with secrets masked.

${row(['Variable', 'Default', 'Meaning'])}
${row(['---', '---', '---'])}
${rows.join('\n')}
`;
}

function problems() {
  const sections = Object.entries(catalogue).map(
    ([code, { status, title, detail, remedy }]) => `## \`${code}\`

Status ${status} · \`${problemType(code)}\` · ${title}

${detail}

**What to do:** ${remedy}
`,
  );
  return `${generated('src/problems/catalogue.ts')}
# Problems

Every answer with a status of 400 or more is \`application/problem+json\` (RFC 9457). Its \`code\` is one of these; the
list is closed, and a code never gets another meaning. The \`type\` of a problem is a path on the server that answers
what stands here.

${sections.join('\n')}`;
}

/** The document as it is, with the tables in it written anew. */
function observability() {
  const tables = {
    requestFields: table(['Field', 'Meaning'], Object.entries(requestFields).map(quoteName)),
    securityEvents: table(['Event', 'Meaning'], Object.entries(securityEvents).map(quoteName)),
    metrics: table(
      ['Metric', 'Type', 'Labels', 'Meaning'],
      createMetrics({ totalCount: 0, idleCount: 0, waitingCount: 0 }).descriptions.map(
        ({ name, type, labels, help }) => [
          `\`${name}\``,
          type,
          labels.map((label) => `\`${label}\``).join(', ') || '–',
          help,
        ],
      ),
    ),
  };
  const text = readFileSync(join(docs, 'observability.md'), 'utf8');
  return text.replaceAll(
    /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, start, name, end) => `${start}\n${tables[name]}\n\n${end}`,
  );
}

function quoteName([name, meaning]) {
  return [`\`${name}\``, meaning];
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}

function generated(source) {
  return `<!-- Written by \`npm run docs:generate\` from \`${source}\`. -->\n`;
}

function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
