/** Writes the documents that repeat what the code says; with `--check` compares them instead. Needs a build. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeApi } from '../dist/api.js';
import { variables } from '../dist/config/variables.js';
import { requestFields } from '../dist/observability/event-sink.js';
import { securityEvents } from '../dist/observability/events.js';
import { createMetrics } from '../dist/observability/metrics.js';
import { catalogue, problemType } from '../dist/problems/catalogue.js';

const docs = join(import.meta.dirname, '..', 'docs');

const documents = {
  'openapi.json': `${JSON.stringify(describeApi({ hasIssuer: true }), null, 2)}\n`,
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
  const rows = Object.entries(variables).map(([name, { description, defaultValue, defaultNote }]) =>
    row([`\`${name}\``, defaultValue === null ? (defaultNote ?? '–') : `\`${defaultValue}\``, description]),
  );
  return `${generated('src/config/variables.ts')}
# Configuration

The server reads these environment variables once, when it starts. It also reads a file \`.env\` in its current directory.

1. A variable of the environment counts more than the same one in \`.env\`, which counts more than the default.
2. White space and one pair of quotes around a value do not count, for secrets too. A variable that is set to nothing
   counts as not set.
3. If something cannot be used, the server does not start. It names every such variable, and the fix.

\`todo-api config\` prints the values, with secrets masked, and where each is from.

${row(['Variable', 'Default', 'Meaning'])}
${row(['---', '---', '---'])}
${rows.join('\n')}

## The file \`.env\`

\`\`\`sh
# A comment.
PORT=8080
export LOG_LEVEL=debug # also a comment
AUTH_ISSUER='https://id.example.com/#todo'
\`\`\`

- The file is UTF-8, or UTF-16 with a byte order mark, as Windows PowerShell writes it. Lines end in LF, CRLF or CR.
- Values may be in single quotes, double quotes or backticks. In one of them, a value of another program's variable may
  have several lines.
- \`$NAME\` and \`$(command)\` are not replaced. A value that is one of them is refused, and so is a value that has
  \`\${NAME}\` or \`$(command)\` in it, unless the variable is a secret.
- If a variable is set twice, the last value counts, and the server warns.
- A line that is not \`NAME=value\` is refused, and so is a value that other programs would read differently: with a \`#\` in
  it but no quotes, with quotes inside quotes of the same kind, or with a backslash in double quotes before \`n\`, \`r\` or \`t\`.
- The server warns about a name that resembles one of its variables, if that variable has no value.

## Values from elsewhere

| From | What it adds or leaves | What the server does |
| --- | --- | --- |
| \`echo … \\| base64\` or \`--from-file\` in a Kubernetes Secret | a line break at the end | removes it |
| \`set NAME=value &&\` on Windows | a space at the end | removes it |
| \`docker run --env-file\`, \`set NAME="value"\` on Windows | quotes | removes them |
| \`environment\` of Docker Compose, secrets of GitHub Actions | nothing, if the source is not set | takes the next source, or the default |
| templates | \`undefined\`, \`null\`, \`None\`, \`<no value>\`, \`{{ … }}\`, \`\${NAME}\` | refuses it |
| secret managers | an address such as \`op://…\`, or an encrypted text | refuses it |
| documents and web pages | typographic quotes, invisible characters | refuses it, and names the character |

An issuer elsewhere must use its secret without what is removed here. Better Auth does not remove anything from
\`BETTER_AUTH_SECRET\`.
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
