/** Clients from each generator of docs/clients.md: generated with default settings, compiled, and used by a program. */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { execute, firstFailing, registryFailure } from '../support/shell.ts';
import { cache, commandsOf, folderFor, headings } from './generators.ts';
import { type Running, startLaterVersion, startServer } from './server.ts';

interface Client {
  /** Of docs/clients.md. */
  readonly heading: string;
  /** Commands that succeed if what the client needs is installed. */
  readonly needs: readonly string[];
  /** The name below `programs`, and where it goes in the folder of the client. */
  readonly program: readonly [source: string, target: string];
  readonly compile: string;
  readonly run: string;
}

const clients: readonly Client[] = [
  {
    heading: 'TypeScript with openapi-typescript',
    needs: ['npm --version'],
    program: ['openapi-typescript.mts', 'program.mts'],
    compile: 'npx tsc --strict --target es2022 --module nodenext program.mts',
    run: 'node program.mjs',
  },
  {
    heading: 'TypeScript with openapi-generator',
    needs: ['npm --version', 'java -version', 'mvn --version'],
    program: ['typescript-fetch.ts', 'program.ts'],
    compile: 'npx tsc --strict --target es2022 --module commonjs program.ts',
    run: 'node program.js',
  },
  {
    heading: 'Python with openapi-generator',
    needs: ['java -version', 'mvn --version', 'python3 -c "import venv, ensurepip"'],
    program: ['openapi_generator.py', 'program.py'],
    compile: '.venv/bin/python -m py_compile program.py',
    run: '.venv/bin/python program.py',
  },
  {
    heading: 'Python with openapi-python-client',
    needs: ['python3 -c "import venv, ensurepip"'],
    program: ['openapi_python_client.py', 'program.py'],
    compile: '.venv/bin/python -m py_compile program.py',
    run: '.venv/bin/python program.py',
  },
  {
    heading: 'Java with openapi-generator',
    needs: ['java -version', 'javac -version', 'mvn --version'],
    program: ['Program.java', 'Program.java'],
    compile: 'javac -cp "todo-api/target/classes:todo-api/target/lib/*" Program.java',
    run: 'java -cp ".:todo-api/target/classes:todo-api/target/lib/*" Program',
  },
  {
    heading: 'Go with openapi-generator',
    needs: ['java -version', 'mvn --version', 'go version'],
    program: ['openapi-generator.go', 'todo-api/program/main.go'],
    compile: 'cd todo-api && go build ./... && go build -o program.bin ./program',
    run: 'todo-api/program.bin',
  },
  {
    heading: 'Go with ogen',
    needs: ['go version'],
    program: ['ogen.go', 'main.go'],
    compile: 'go build ./... && go build -o program.bin .',
    run: './program.bin',
  },
];

let server: Running;
let laterVersion: Running;

beforeAll(async () => {
  server = await startServer();
  laterVersion = await startLaterVersion(server.url);
});

afterAll(async () => {
  await laterVersion?.stop();
  await server?.stop();
});

test('each generator of the page is tested', () => {
  expect(clients.map(({ heading }) => heading)).toEqual(headings);
});

for (const { heading, needs, program, compile, run } of clients) {
  test(heading, async (context) => {
    const missing = await firstFailing(needs, cache);
    context.skip(missing !== undefined, `\`${missing}\` fails`);
    const folder = folderFor(heading);
    await writeDocument(folder);
    await execute(commandsOf(heading), folder).catch((error: Error) => {
      const reason = registryFailure(error);
      context.skip(reason !== undefined, reason);
      throw error;
    });
    const [source, target] = program;
    mkdirSync(dirname(join(folder, target)), { recursive: true });
    copyFileSync(join(import.meta.dirname, 'programs', source), join(folder, target));
    await execute(compile, folder);
    for (const { url } of [server, laterVersion]) {
      expect(await execute(run, folder, await environment(url))).toBe('ok\n');
    }
  });
}

async function writeDocument(folder: string): Promise<void> {
  const response = await fetch(`${server.url}/openapi.json`);
  writeFileSync(join(folder, 'openapi.json'), await response.text());
}

/** What the programs read: the server, an address to sign up with, and a token of a new user. */
async function environment(url: string): Promise<Record<string, string>> {
  const signedUp = await fetch(`${server.url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'Ada', email: newAddress(), password: 'correct horse battery' }),
  });
  const session = { Authorization: `Bearer ${signedUp.headers.get('set-auth-token')}` };
  const answer = await fetch(`${server.url}/api/auth/token`, { headers: session });
  const { token } = (await answer.json()) as { token: string };
  return { TODO_API_URL: url, TODO_API_EMAIL: newAddress(), TODO_API_TOKEN: token };
}

function newAddress(): string {
  return `${randomUUID()}@example.com`;
}
