/** Generator of the documents that follow from the code. With `--check` it compares them instead. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeApi } from '../src/api.ts';
import { allFeatures } from '../src/auth/better-auth/features.ts';
import { variables } from '../src/config/variables.ts';
import { requestFields } from '../src/observability/event-sink.ts';
import { securityEvents } from '../src/observability/events.ts';
import { createMetrics } from '../src/observability/metrics.ts';
import { catalogue, problemCodes, problemType } from '../src/problems/catalogue.ts';
import { clientTypes, type DescribedApi } from './client-types.ts';
import { layers } from './layers.ts';
import { limits } from './limits.ts';

const root = join(import.meta.dirname, '..');
const docs = join(root, 'docs');
const source = join(root, 'src');

const documents: Readonly<Record<string, string>> = {
  'docs/openapi.json': `${JSON.stringify(describeApi({ issuer: allFeatures }), null, 2)}\n`,
  'docs/configuration.md': configuration(),
  'docs/problems.md': problems(),
  'docs/observability.md': observability(),
  'docs/architecture.md': architecture(),
  'docs/limits.md': limitsPage(),
  'client/src/generated/api.ts': clientTypes(describeApi({ issuer: null }) as DescribedApi),
};

for (const [name, text] of Object.entries(documents)) {
  const file = join(root, name);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${name} differs from the code. Run \`npm run docs:generate\` and commit the result.`);
    process.exitCode = 1;
  }
}

function configuration(): string {
  const rows = Object.entries(variables).map(([name, { description, defaultValue, defaultNote }]) =>
    row([`\`${name}\``, defaultValue === null ? (defaultNote ?? '–') : `\`${defaultValue}\``, description]),
  );
  return `${generated('src/config/variables.ts')}
# Configuration

The server reads these environment variables once, when it starts. It also reads the file \`.env\` in its current
directory. The file [.env.example](../.env.example) has the variables for common cases.

1. The environment has precedence over \`.env\`, and \`.env\` has precedence over the default.
2. The server removes white space and one pair of quotes around a value, also for secrets. An empty value means that the
   variable is not set.
3. If a value is invalid, the server does not start. It names every invalid variable and how to fix it.

\`todo-api config\` prints the values and their sources. It masks secrets.

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
- Values may be in single quotes, double quotes or backticks. A quoted value of another program's variable may have
  several lines.
- The server does not expand \`$NAME\` and \`$(command)\`. It rejects a value that consists only of one of them.
- If a variable is set twice, the server uses the last value and prints a warning.
- The server rejects a line that is not \`NAME=value\`.
- The server rejects a value that other programs would read differently: a value without quotes that contains \`#\`, quotes
  inside quotes of the same kind, or a backslash before \`n\`, \`r\` or \`t\` in double quotes.
- If a name resembles one of the server's variables and that variable has no value, the server prints a warning.

## Values from other tools

| Source | What it adds or leaves | What the server does |
| --- | --- | --- |
| \`echo … \\| base64\` or \`--from-file\` in a Kubernetes Secret | a line break at the end | removes it |
| \`set NAME=value &&\` on Windows | a space at the end | removes it |
| \`docker run --env-file\`, \`set NAME="value"\` on Windows | quotes | removes them |
| \`environment\` of Docker Compose, secrets of GitHub Actions | nothing, if the source is not set | uses the next source, or the default |
| templates | \`undefined\`, \`null\`, \`None\`, \`<no value>\`, \`{{ … }}\`, \`\${NAME}\` | rejects it |
| secret managers | an address such as \`op://…\`, or an encrypted text | rejects it |
| documents and web pages | typographic quotes, invisible characters | rejects it, and names the character |

An external issuer must use its secret without the characters that this server removes. Better Auth itself removes
nothing from \`BETTER_AUTH_SECRET\`.
`;
}

function problems(): string {
  const sections = problemCodes.map((code) => {
    const { status, title, detail, remedy } = catalogue[code];
    return `## \`${code}\`

Status ${status} · \`${problemType(code)}\` · ${title}

${detail}

**What to do:** ${remedy}
`;
  });
  return `${generated('src/problems/catalogue.ts')}
# Problems

Every response with a status of 400 or higher is \`application/problem+json\` (RFC 9457). Its \`code\` is one of the codes
below. The list is closed, and the meaning of a code never changes. The \`type\` of a problem is a path on the server,
which returns the text on this page.

${sections.join('\n')}`;
}

function observability(): string {
  return withTables('observability.md', {
    requestFields: table(['Field', 'Meaning'], Object.entries(requestFields).map(quoteName)),
    securityEvents: table(['Event', 'Meaning'], Object.entries(securityEvents).map(quoteName)),
    metrics: table(
      ['Metric', 'Type', 'Labels', 'Meaning'],
      createMetrics({ totalCount: 0, idleCount: 0, waitingCount: 0 }, { count: 0 }).descriptions.map(
        ({ name, type, labels, help }) => [
          `\`${name}\``,
          type,
          labels.map((label) => `\`${label}\``).join(', ') || '–',
          help,
        ],
      ),
    ),
  });
}

function limitsPage(): string {
  return `${generated('scripts/limits.ts')}
# Limits

The limits of requests and responses. They bound what one request can cost: at most 30 ms of CPU time of the server and
50 ms of PostgreSQL, and at most 10 ms for a rejected request. Five kinds of requests cost more:

- A batch of 100 operations takes up to 80 ms of PostgreSQL. If its moves give 1,000 lists new positions again and again, it
  takes up to 1 s.
- A search for ten words takes up to 160 ms of PostgreSQL, if nine of them are in thousands of the user's tasks.
- A request that changes many tasks takes up to 0.2 ms of PostgreSQL for each task that it deletes, moves or completes, and up to
  0.3 ms for each task that it restores or whose change it undoes. So the default \`DATABASE_TIMEOUT_MS\` is enough for more than
  10,000 tasks ([bench/results/many-tasks.md](../bench/results/many-tasks.md)). Beyond it, the response is 504 \`timeout\`, and
  nothing has changed.
- An import of 500 lines costs as much as the batches that create the same tasks.
- The embedded issuer hashes passwords slowly on purpose.

\`npm run bench:costs\` measures the most expensive requests within the limits, and writes
[bench/results/costs.md](../bench/results/costs.md). \`scripts/limits.ts\` imports the constant of each limit from its
module.

${limits.map(({ title, rows }) => `## ${title}\n\n${table(['What', 'Limit', 'Beyond it'], rows)}`).join('\n\n')}

Rates are in [Configuration](configuration.md): \`RATE_LIMIT_PER_MINUTE\`, \`AUTH_FAILURES_PER_MINUTE\` and
\`SIGN_UPS_PER_HOUR\`. [The embedded issuer](embedded-issuer.md#limits) has limits of its own.
`;
}

function architecture(): string {
  const names = layers.map(({ name }) => name);
  const upward = layers.flatMap(({ name, imports }, index) =>
    imports.filter((target) => names.indexOf(target) <= index).map((target) => `${name} imports ${target}`),
  );
  if (upward.length > 0) throw new Error(`scripts/layers.ts lists a folder below one that it imports: ${upward}`);
  const rows = layers.map(({ name, imports }) => [
    existsSync(join(source, name)) ? `\`src/${name}/\`` : `\`src/${name}.ts\``,
    imports.map((target) => `\`${target}\``).join(', ') || '–',
  ]);
  return withTables('architecture.md', { imports: table(['Part', 'May import'], rows) });
}

/** The document with the tables between its markers replaced. The prose around them is written by hand. */
function withTables(document: string, tables: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(docs, document), 'utf8');
  return text.replaceAll(
    /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, start: string, name: string, end: string) => `${start}\n${tables[name]}\n\n${end}`,
  );
}

function quoteName([name, meaning]: readonly [string, string]): string[] {
  return [`\`${name}\``, meaning];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}

function generated(origin: string): string {
  return `<!-- Written by \`npm run docs:generate\` from \`${origin}\`. -->\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
