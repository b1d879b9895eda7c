#!/usr/bin/env node
/** The entry point of the command line. It is the only module that ends the process. */
import { parseArgs } from 'node:util';
import { version } from '../runtime/version.ts';
import type { Command } from './commands/command.ts';
import { config } from './commands/config.ts';
import { migrate } from './commands/migrate.ts';
import { openapi } from './commands/openapi.ts';
import { resetSync } from './commands/reset-sync.ts';
import { serve } from './commands/serve.ts';
import { explainStartupError, isUsageError } from './startup-errors.ts';

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({ serve, migrate, 'reset-sync': resetSync, openapi, config }),
);

const synopses = new Map([...commands].map(([name, { parameters = [] }]) => [name, [name, ...parameters].join(' ')]));
const width = Math.max(...[...synopses.values()].map(({ length }) => length));
const commandLines = [...commands].map(([name, { summary }]) => `  ${synopses.get(name)?.padEnd(width)}  ${summary}`);

const usage = `Usage: todo-api [command]

Commands:
${commandLines.join('\n')}

Options:
  -h, --help      print this text
  -v, --version   print the version

The server reads environment variables and the .env file in the current
directory. "todo-api config" prints them.
`;

// Node would print all properties of the error, which can include credentials.
process.on('uncaughtException', fail);

try {
  process.exitCode = await run(process.argv.slice(2));
  // Force the exit after 1 s even if, for example, a database connection still hangs.
  setTimeout(() => process.exit(), 1_000).unref();
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
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

  const [name = 'serve', ...args] = positionals;
  const command = commands.get(name);
  const { parameters = [] } = command ?? {};
  if (!command || args.length > parameters.length) {
    process.stderr.write(`todo-api: unknown command "${positionals.join(' ')}"\n\n${usage}`);
    return 2;
  }
  if (args.length < parameters.length) {
    process.stderr.write(`todo-api: an argument is missing. Usage: todo-api ${synopses.get(name)}\n`);
    return 2;
  }
  return command.run(args);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
