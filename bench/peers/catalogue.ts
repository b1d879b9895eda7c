/** The peers: small servers in other frameworks and languages, with the same requests on the same plain table. */

export interface Peer {
  readonly name: string;
  /** With the program, below `bench/peers`. */
  readonly folder: string;
  /** Commands that succeed if the toolchain is installed. */
  readonly needs: readonly string[];
  /** Checks the syntax of the program, without its packages. */
  readonly check: string;
  /** Installs the pinned packages, and builds the program. */
  readonly install: string;
  /** Prints the versions of the toolchain and the packages, as one line. */
  readonly versions: string;
  /** Starts the program in its folder. */
  readonly start: readonly [string, ...string[]];
}

const npm = 'npm ci --ignore-scripts --no-audit --no-fund';

/** Prisma would download its engine for migrations, which this command does not run. */
const prismaGenerate =
  'PRISMA_SCHEMA_ENGINE_BINARY="$(type -P true)" CHECKPOINT_DISABLE=1 npx prisma generate --schema=schema.prisma';

const nodeVersions = `node --print "['Node ' + process.versions.node,
  ...Object.entries(require('./package.json').dependencies).map((each) => each.join(' '))].join(', ')"`;

const pythonVersions =
  'echo "$(.venv/bin/python --version), $(sed -n "/^#/q; s/==/ /p" requirements.txt | paste -s -d , | sed "s/,/, /g")"';

const goVersions = `echo "$(go env GOVERSION), $(go list -m -f '{{if not (or .Main .Indirect)}}{{.}}{{end}}' all |
  paste -s -d , | sed "s/,/, /g")"`;

function inNode(name: string, folder: string, install = npm): Peer {
  return {
    ...{ name, folder, install },
    needs: ['npm --version'],
    check: 'node --check server.js',
    versions: nodeVersions,
    start: [process.execPath, 'server.js'],
  };
}

export const peers: readonly Peer[] = [
  inNode('Fastify + pg', 'fastify'),
  inNode('Hono + Drizzle', 'hono-drizzle'),
  inNode('Express + Prisma', 'express-prisma', `${npm} && ${prismaGenerate}`),
  {
    name: 'FastAPI + SQLModel',
    folder: 'fastapi-sqlmodel',
    needs: ['python3 -c "import venv, ensurepip"'],
    check: 'python3 -c "import ast; ast.parse(open(\'server.py\').read())"',
    install:
      'python3 -m venv .venv && .venv/bin/pip install --quiet --only-binary :all: --requirement requirements.txt',
    versions: pythonVersions,
    start: ['.venv/bin/python', 'server.py'],
  },
  {
    name: 'Go + pgx',
    folder: 'go-pgx',
    needs: ['go version'],
    check: 'gofmt -e main.go | diff main.go -',
    install: 'go build -o server .',
    versions: goVersions,
    start: ['./server'],
  },
];
