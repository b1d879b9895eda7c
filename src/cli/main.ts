#!/usr/bin/env node
/** The command line. The only place that ends the process. */
import { parseArgs } from 'node:util';
import { version } from '../runtime/version.ts';
import { commands } from './commands.ts';
import { explainStartupError, isUsageError } from './startup-errors.ts';

const usage = `Usage: todo-api [command]

Commands:
  serve     start the server (also what happens without a command)
  migrate   bring the database's schema to this version, and end
  openapi   print the OpenAPI document
  config    print the resolved configuration, secrets masked

Options:
  -h, --help      print this
  -v, --version   print the version

The configuration comes from environment variables and from a .env file in
the current directory; "todo-api config" lists them.
`;

try {
  process.exitCode = await run(process.argv.slice(2));
  // What still hangs, on a database that does not answer say, is not waited for.
  setTimeout(() => process.exit(), 1_000).unref();
} catch (error) {
  process.stderr.write(`todo-api: ${explainStartupError(error)}\n`);
  process.exit(isUsageError(error) ? 2 : 1);
}

async function run(words: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
  });
  if (values.help) return print(usage);
  if (values.version) return print(`${version}\n`);

  const [name = 'serve', ...rest] = positionals;
  const command = commands[name];
  if (!command || rest.length > 0) {
    process.stderr.write(`todo-api: unknown command "${positionals.join(' ')}"\n\n${usage}`);
    return 2;
  }
  return command();
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
