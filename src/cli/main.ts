#!/usr/bin/env node
/** The entry point of the command line. It is the only module that ends the process. */
import { parseArgs } from 'node:util';
import { version } from '../runtime/version.ts';
import type { Command } from './commands/command.ts';
import { config } from './commands/config.ts';
import { copy } from './commands/copy.ts';
import { endSecondFactor } from './commands/end-second-factor.ts';
import { importCommand } from './commands/import.ts';
import { migrate } from './commands/migrate.ts';
import { openapi } from './commands/openapi.ts';
import { resetPassword } from './commands/reset-password.ts';
import { resetSync } from './commands/reset-sync.ts';
import { serve } from './commands/serve.ts';
import { explainStartupError, isUsageError } from './startup-errors.ts';

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    serve,
    migrate,
    'reset-password': resetPassword,
    'end-second-factor': endSecondFactor,
    'reset-sync': resetSync,
    import: importCommand,
    copy,
    openapi,
    config,
  }),
);

/** How the usage text shows a command. */
function synopsis(name: string, { parameters = [], options = {} }: Command): string {
  return [name, ...parameters, ...Object.entries(options).map(([option, value]) => `[--${option} ${value}]`)].join(' ');
}

const synopses = new Map([...commands].map(([name, command]) => [name, synopsis(name, command)]));
const width = Math.max(...[...synopses.values()].map(({ length }) => length));
const commandLines = [...commands].map(([name, { summary }]) => `  ${synopses.get(name)?.padEnd(width)}  ${summary}`);

/** The options of all commands. */
const valueOptions = Object.fromEntries(
  [...commands.values()].flatMap(({ options = {} }) =>
    Object.keys(options).map((name) => [name, { type: 'string' }] as const),
  ),
);

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

/** The process that reads the output has ended, for example `head`. The command finishes its work. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') fail(error);
}

function fail(error: unknown): never {
  process.stderr.write(`todo-api: ${explainStartupError(error)}\n`);
  process.exit(isUsageError(error) ? 2 : 1);
}

async function run(words: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { ...valueOptions, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
  });
  const { help, version: printsVersion, ...options } = values;
  if (help) return print(usage);
  if (printsVersion) return print(`${version}\n`);

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
  const unknown = Object.keys(options).find((option) => !(option in (command.options ?? {})));
  if (unknown) {
    process.stderr.write(`todo-api: "${name}" has no option --${unknown}. Usage: todo-api ${synopses.get(name)}\n`);
    return 2;
  }
  // A server has a log, which decides about the errors of its output.
  if (command !== serve) process.stdout.on('error', ignoreClosedPipe);
  return command.run(args, options as Record<string, string>);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
