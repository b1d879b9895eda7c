/** The tests: those that depend on the database run on both databases, the others once. */
import { defineConfig } from 'vitest/config';

// The deadline of a poll is for a busy machine. A poll ends as soon as its condition holds.
const common = { testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

const inOneProcess = {
  ...common,
  // Loading the modules again for each file would take a third of the time. The setup ends the state of the last file.
  isolate: false,
  setupFiles: ['test/support/test-file-setup.ts'],
};

/** What does not depend on the kind of the database runs on PostgreSQL alone, where it uses less CPU. */
const onPostgres = [
  'http/*',
  'api/{authentication,better-auth-elsewhere,bounds,client-closed,due,identity-providers,index,limits,many-tasks,metrics}',
  'api/{embedded-issuer-refusals,issuer-limits,issuer-operations,issuer-rules,issuer-social,issuer-two-factor}',
  'api/{moves,page-size,request-log,search-languages,shared-secret,traces,unavailable,validation}',
  'security/{generated-requests,hostile-input,policies-alone,request-cost,routes,tokens,write-only-tokens}',
].map((files) => `test/${files}.test.ts`);

/** How many random cases some tests try. */
function samples(mode: string) {
  return { SAMPLES: mode === 'long' ? 'many' : 'few' };
}

function onDatabase(
  kind: 'embedded' | 'postgres',
  mode: string,
  { include = [], exclude = [] }: Record<string, string[]>,
) {
  return {
    test: {
      ...inOneProcess,
      name: kind,
      include: ['api', 'database', 'security'].map((folder) => `test/${folder}/*.test.ts`).concat(include),
      exclude,
      env: { TEST_DATABASE_KIND: kind, ...samples(mode) },
    },
  };
}

function resilience(length: 'short' | 'long') {
  return {
    test: {
      ...common,
      name: 'resilience',
      include: ['test/resilience/**/*.test.ts'],
      // They load the machine and stop database servers, so they run one after the other.
      fileParallelism: false,
      testTimeout: 120_000,
      env: { RESILIENCE: length },
    },
  };
}

/** Projects that run only with `--mode`: what takes minutes, and what needs package registries and other languages. */
const projectsOfModes: Readonly<Record<string, object[]>> = {
  short: [resilience('short')],
  long: [resilience('long')],
  clients: [
    {
      test: {
        ...common,
        name: 'clients',
        include: ['test/clients/**/*.test.ts', 'client/test/platforms/*.test.ts'],
        testTimeout: 600_000,
      },
    },
  ],
};

// biome-ignore lint/style/noDefaultExport: vitest looks for the default export.
export default defineConfig(({ mode }) => ({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // More than two cores need, because some tests wait for processes and deadlines.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...inOneProcess,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          env: samples(mode),
        },
      },
      onDatabase('embedded', mode, { exclude: onPostgres }),
      onDatabase('postgres', mode, { include: onPostgres }),
      { test: { ...inOneProcess, name: 'client', include: ['client/test/*.test.ts'], testTimeout: 60_000 } },
      { test: { ...inOneProcess, name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 120_000 } },
      ...(projectsOfModes[mode] ?? []),
    ],
  },
}));
