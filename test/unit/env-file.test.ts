/** The `.env` file: encodings and lines of editors and shells, errors and warnings. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { ConfigError } from '../../src/config/load.ts';

const text = 'DATABASE_URL=pglite:./späte-daten\nLOG_LEVEL=debug\n';
const read = { DATABASE_URL: 'pglite:./späte-daten', LOG_LEVEL: 'debug' };

describe('encodings', () => {
  test.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark (Notepad, Out-File -Encoding utf8)', Buffer.from(`\ufeff${text}`)],
    ['UTF-8 with two marks, joined by `type a b`', Buffer.from(`\ufeff\ufeff${text}`)],
    ['UTF-16 little-endian with a mark (`>` in PowerShell 5)', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 big-endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['CRLF', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['CR alone', Buffer.from(text.replaceAll('\n', '\r'))],
    ['no line break at the end', Buffer.from(text.trim())],
  ])('%s is read', (_name, bytes) => {
    expect(valuesOf(bytes)).toEqual(read);
  });

  test.each<[string, Buffer]>([
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
    ['UTF-16 big-endian without a mark', Buffer.from(text, 'utf16le').swap16()],
    [
      'UTF-8 with UTF-16 appended (`>>` in PowerShell 5)',
      Buffer.concat([Buffer.from(text), Buffer.from('PORT=1\r\n', 'utf16le')]),
    ],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x50, 0, 0, 0])],
    ['Windows-1252', Buffer.from(text, 'latin1')],
  ])('%s is rejected', (_name, bytes) => {
    expect(faultsOf(bytes)).toEqual(['.env: it is not text in UTF-8; save it with the encoding UTF-8.']);
  });
});

test('UTF-16 with UTF-8 appended is rejected at the line where UTF-8 begins', () => {
  const bytes = Buffer.concat([Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from('PORT=1')]);
  expect(faultsOf(bytes)).toEqual([expect.stringMatching(/^\.env, line 3: write NAME=value/)]);
});

describe('lines', () => {
  test.each<[line: string, value: string | undefined]>([
    ['LOG_LEVEL=debug', 'debug'],
    ['LOG_LEVEL = debug ', 'debug'],
    ['\t LOG_LEVEL=debug', 'debug'],
    ['export LOG_LEVEL=debug', 'debug'],
    ['export  LOG_LEVEL = debug', 'debug'],
    ['\u00a0LOG_LEVEL\u00a0=\u00a0debug\u00a0', 'debug'],
    ['LOG_LEVEL="debug"', 'debug'],
    ["LOG_LEVEL='debug'", 'debug'],
    ['LOG_LEVEL=`debug`', 'debug'],
    ['LOG_LEVEL="debug" # not info', 'debug'],
    ['LOG_LEVEL="debug" # "info"', 'debug'],
    ['LOG_LEVEL=debug # not info', 'debug'],
    ['LOG_LEVEL=debug\t# not info', 'debug'],
    ['LOG_LEVEL="de#bug"', 'de#bug'],
    ["LOG_LEVEL='de#bug' # x", 'de#bug'],
    ['LOG_LEVEL="it\'s"', "it's"],
    ['LOG_LEVEL=$OTHER', '$OTHER'],
    ['LOG_LEVEL=a=b', 'a=b'],
    ['LOG_LEVEL=', undefined],
    ['LOG_LEVEL=   ', undefined],
    ['LOG_LEVEL=""', undefined],
    ['LOG_LEVEL= # debug', undefined],
    ['# LOG_LEVEL=debug', undefined],
    ['; LOG_LEVEL=debug', undefined],
    ['', undefined],
    ['LOG_LEVEL=info\nLOG_LEVEL=debug', 'debug'],
    ['LOG_LEVEL=\nPORT=1', undefined],
    // Lines of other programs.
    ['SOME_FLAG\nLOG_LEVEL=debug', 'debug'],
    ['export HTTP_PROXY\nLOG_LEVEL=debug', 'debug'],
    ['COLOUR=#fff\nLOG_LEVEL=debug', 'debug'],
    ['KEY="-----BEGIN KEY-----\nMIIE=\n-----END KEY-----"\nLOG_LEVEL=debug', 'debug'],
    ['JSON={"a":"b"}\nLOG_LEVEL=debug', 'debug'],
    ['JSON="{\\"a\\":1}"\nLOG_LEVEL=debug', 'debug'],
    ['JSON=\'{\n  "a": 1\n}\'\nLOG_LEVEL=debug', 'debug'],
    ["GREETING='tis the season\nNAME=x", undefined],
    ['my.key=1\nmy-key=2\nLOG_LEVEL=debug', 'debug'],
  ])('%j', (lines, value) => {
    expect(valuesOf(lines).LOG_LEVEL || undefined).toBe(value);
  });

  test.each<[line: string, fault: RegExp]>([
    ['DATABASE_URL', /^\.env, line 2: DATABASE_URL has no value; write DATABASE_URL=value\.$/],
    ['export DATABASE_URL', /^\.env, line 2: DATABASE_URL has no value/],
    ['DATABASE_URL: postgres://h/d', /^\.env, line 2: write NAME=value/],
    ['DATABASE_URL: postgres://h/d?sslmode=require', /^\.env, line 2: write NAME=value/],
    ['DATABASE_URL postgres://h/d', /^\.env, line 2: write NAME=value/],
    ['set PORT=1', /^\.env, line 2: write NAME=value, with nothing but `export` before the name/],
    ['$env:PORT = "1"', /^\.env, line 2: write NAME=value/],
    ['declare -x PORT="1"', /^\.env, line 2: write NAME=value/],
    ['"PORT=1"', /^\.env, line 2: write NAME=value/],
    ['- PORT=1', /^\.env, line 2: write NAME=value/],
    ['PORT\uff1d1', /^\.env, line 2: write NAME=value/],
    ['\u200bPORT=1', /^\.env, line 2: write NAME=value/],
    ['=======', /^\.env, line 2: write NAME=value/],
    ['{"PORT": 1}', /^\.env, line 2: write NAME=value/],
    ['BETTER_AUTH_SECRET=abc#def', /^\.env, line 2: BETTER_AUTH_SECRET has a # in it, .*single quotes\.$/],
    ['BETTER_AUTH_SECRET=#abc', /^\.env, line 2: BETTER_AUTH_SECRET has a #/],
    ['DATABASE_URL="pglite:x', /^\.env, line 2: DATABASE_URL begins with a quote that is not closed/],
    ['DATABASE_URL="pglite:x"y', /^\.env, line 2: DATABASE_URL begins with a quote that is not closed/],
    ["OTHER='x\nDATABASE_URL=pglite:x\nY='z'", /^\.env, line 2: OTHER begins with a quote that is not closed/],
    ['BETTER_AUTH_SECRET="a\\"b"', /^\.env, line 2: BETTER_AUTH_SECRET has quotes inside quotes of the same kind/],
    ['DATABASE_URL="pglite:C:\\new"', /^\.env, line 2: DATABASE_URL has a backslash in double quotes/],
  ])('%j is rejected', (line, fault) => {
    expect(faultsOf(`# first\n${line}\n`)).toEqual([expect.stringMatching(fault)]);
  });

  test('all errors are reported together, and no value is quoted', () => {
    const faults = faultsOf('set PORT=hunter2\nBETTER_AUTH_SECRET=hunter2#hunter2\nDATABASE_URL="hunter2');
    expect(faults.map((fault) => /line (\d)/.exec(fault)?.[1])).toEqual(['1', '2', '3']);
    expect(faults.join()).not.toContain('hunter2');
  });

  test('values are the same as with util.parseEnv of Node', () => {
    const lines = `A="x # y" # z\nB='x\ny'\nC=\`x\`\nD=x # y\nE = x\nexport F=x\nG=\n# H=x\nI=a=b\nJ=$A\n`;
    expect(valuesOf(lines)).toMatchObject(parseEnv(lines));
  });
});

test('the example in the documentation is read', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
  const [, example = ''] = /```sh\n(.*?)```/s.exec(page) ?? [];
  expect(valuesOf(example)).toEqual({ PORT: '8080', LOG_LEVEL: 'debug', AUTH_ISSUER: 'https://id.example.com/#todo' });
});

describe('other files at its path', () => {
  test('no file: no variable is set', () => {
    expect(readEnvironment('/nowhere')).toMatchObject({ warnings: [], variables: { PATH: process.env.PATH } });
  });

  test('an empty file: no variable is set', () => {
    expect(valuesOf('')).toEqual({});
  });

  test('a directory is rejected', () => {
    const directory = folder();
    mkdirSync(join(directory, '.env'));
    expect(faultsIn(directory)).toEqual([expect.stringMatching(/^\.env: it is a directory, which Docker creates/)]);
  });

  test('a dangling link, or a link to itself, is rejected', () => {
    for (const [target, fault] of [
      ['missing', /^\.env: it is a link to a file that does not exist/],
      ['.env', /^\.env: it cannot be read \(ELOOP\)/],
    ] as const) {
      const directory = folder();
      symlinkSync(target, join(directory, '.env'));
      expect(faultsIn(directory)).toEqual([expect.stringMatching(fault)]);
    }
  });

  test.skipIf(process.platform === 'win32')('a file that this user may not read is rejected', () => {
    const directory = folder();
    writeFileSync(join(directory, '.env'), text, { mode: 0o200 });
    chmodSync(directory, 0o755);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(faultsIn(directory)).toEqual([expect.stringMatching(/^\.env: this user may not read it \(EACCES\)/)]);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('.env.txt, the name that Notepad saves, causes a warning', () => {
    const directory = folder();
    writeFileSync(join(directory, '.env.txt'), text);
    expect(readEnvironment(directory).warnings).toEqual(['.env.txt is not read; rename it to .env.']);
  });
});

describe('precedence', () => {
  test('the environment takes precedence over the file, unless a variable is empty', () => {
    const directory = folder();
    writeFileSync(join(directory, '.env'), 'TMPDIR=file\nLOG_LEVEL=debug\nPATH=never\nHOST=::1\n');
    for (const [name, value] of [
      ['LOG_LEVEL', ' \n'],
      ['HOST', '127.0.0.2'],
    ] as const) {
      const before = process.env[name];
      onTestFinished(() => {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      });
      process.env[name] = value;
    }
    const { variables, fromFile } = readEnvironment(directory);
    expect(variables).toMatchObject({ LOG_LEVEL: 'debug', HOST: '127.0.0.2', PATH: process.env.PATH });
    expect([fromFile.has('LOG_LEVEL'), fromFile.has('HOST'), fromFile.has('PATH')]).toEqual([true, false, false]);
  });
});

describe('warnings', () => {
  test.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_ULR', 'DATABASE_URL'],
    ['DATABASEURL', 'DATABASE_URL'],
    ['DATABASE-URL', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['DTABSE_URL', 'DATABASE_URL'],
    ['BETTER_AUTH_SECERT', 'BETTER_AUTH_SECRET'],
    ['BETER_AUTH_SECRET', 'BETTER_AUTH_SECRET'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['TRUSTED_PROXYS', 'TRUSTED_PROXIES'],
    ['PROT', 'PORT'],
    ['Port', 'PORT'],
  ])('%s resembles %s', (name, meant) => {
    expect(warningsOf(`${name}=x\n`)).toEqual([
      `.env: ${name} is not a variable of this server; did you mean ${meant}?`,
    ]);
    expect(warningsOf(`${name}=x\n${meant}=y\n`)).toEqual([]);
  });

  test.each([
    ...[
      'PORTS',
      'POST',
      'SORT',
      'HOSTS',
      'HOSTNAME',
      'GHOST',
      'METRIC',
      'AUTH0_ISSUER',
      'AUTH0_AUDIENCE',
      'OAUTH_ISSUER',
    ],
    ...[
      'DB_URL',
      'DIRECT_URL',
      'DIRECT_DATABASE_URL',
      'DATABASE_POOL_MIN',
      'NEXT_PUBLIC_URL',
      'AUTH_URL',
      'AUTH_SECRET',
    ],
    ...['NODE_ENV', 'POSTGRES_URL', 'POSTGRES_PASSWORD', 'PGHOST', 'REDIS_URL', 'SMTP_HOST', 'DATABASE_NAME', 'DEBUG'],
    ...[
      'TEST_DATABASE_URL',
      'SHADOW_DATABASE_URL',
      'VITE_API_URL',
      'LOG_FORMAT',
      'LOG_FILE',
      'AUTH_TOKEN',
      'ADMIN_HOST',
    ],
  ])('%s of another program causes no warning', (name) => {
    expect(warningsOf(`${name}=x\n`)).toEqual([]);
  });

  test('a variable that is set twice', () => {
    expect(warningsOf('HOST=::1\n\nHOST=127.0.0.1\nOTHER=1\nOTHER=2\n')).toEqual([
      '.env, line 3: HOST was already set on line 1; the last value counts.',
    ]);
    expect(warningsOf('HOST=::1\nHOST=::1\n')).toEqual([]);
  });
});

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'todo-api-env-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function readFile(content: string | Buffer) {
  const directory = folder();
  writeFileSync(join(directory, '.env'), content);
  return readEnvironment(directory);
}

/** Variables that the process does not have. */
function valuesOf(content: string | Buffer): Record<string, string | undefined> {
  const { variables, fromFile } = readFile(content);
  return Object.fromEntries(Object.entries(variables).filter(([name]) => fromFile.has(name)));
}

function warningsOf(content: string): readonly string[] {
  return readFile(content).warnings;
}

function faultsOf(content: string | Buffer): string[] {
  const directory = folder();
  writeFileSync(join(directory, '.env'), content);
  return faultsIn(directory);
}

function faultsIn(directory: string): string[] {
  try {
    readEnvironment(directory);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return expect.fail('it must be refused');
}
