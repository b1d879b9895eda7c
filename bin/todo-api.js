#!/usr/bin/env node
/** The package's command. It exists before the build, so that a missing build is one clear line. */
import { existsSync } from 'node:fs';

const command = new URL('../dist/cli.js', import.meta.url);
if (existsSync(command)) await import(command.href);
else {
  process.stderr.write(
    'todo-api: this package is not built. Run `npm ci --include=dev && npm run build` in a clone; a git dependency must be installed with its scripts allowed.\n',
  );
  process.exitCode = 1;
}
