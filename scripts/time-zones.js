/** Writes the list of time zones: the names that PostgreSQL and JavaScript both know. Run it when the tz database grows. */
import { writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const database = await PGlite.create();
const { rows } = await database.query('select name from pg_timezone_names order by name collate "C"');
await database.close();

const names = rows.map(({ name }) => name).filter(isKnownToJavaScript);
const lines = [];
for (const name of names) {
  const line = `${lines.at(-1) ?? ''} ${name}`.trim();
  if (lines.length > 0 && line.length <= 118) lines[lines.length - 1] = line;
  else lines.push(name);
}
writeFileSync(
  'src/tasks/due/time-zones.ts',
  `/** The names of the tz database, links included. Written by \`scripts/time-zones.js\`. */
export const timeZoneNames: ReadonlySet<string> = new Set(
  \`
${lines.join('\n')}
\`
    .trim()
    .split(/\\s+/),
);
`,
);

function isKnownToJavaScript(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
