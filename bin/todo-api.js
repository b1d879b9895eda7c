#!/usr/bin/env node
/** The package's command. It exists before the build, so that a missing build is one clear line. */
import { existsSync } from 'node:fs';

const command = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(command)) await import(command.href);
else {
  process.stderr.write(
    'todo-api: this package is not built. In a clone, run `npm ci --include=dev && npm run build`. As a git dependency, install it with npm and with its scripts, or from a tarball of `npm pack`.\n',
  );
  process.exitCode = 1;
}
