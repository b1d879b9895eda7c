/** The tests: those that depend on the database run on both databases, the others once. */
import { defineConfig } from 'vitest/config';

const common = { testTimeout: 30_000, hookTimeout: 60_000 };

/** @param folders folders in `test/` whose tests do not depend on the kind of the database */
function onDatabase(kind: 'embedded' | 'postgres', folders: readonly string[] = []) {
  return {
    test: {
      ...common,
      name: kind,
      include: [...folders, 'api', 'database', 'security'].map((folder) => `test/${folder}/**/*.test.ts`),
      env: { TEST_DATABASE_KIND: kind },
      // Loading the modules again for each file would take a third of the time. The setup ends the state of the last file.
      isolate: false,
      setupFiles: ['test/support/test-file-setup.ts'],
    },
  };
}

function resilience(length: 'short' | 'long') {
  return {
    test: {
      ...common,
      name: 'resilience',
      include: ['test/resilience/**/*.test.ts'],
      // They measure what is left of a machine under load, so they run one after the other.
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
  clients: [{ test: { ...common, name: 'clients', include: ['test/clients/**/*.test.ts'], testTimeout: 600_000 } }],
};

// biome-ignore lint/style/noDefaultExport: vitest looks for the default export.
export default defineConfig(({ mode }) => ({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          env: { SAMPLES: mode === 'long' ? 'many' : 'few' },
        },
      },
      onDatabase('embedded'),
      // These tests use less CPU on PostgreSQL.
      onDatabase('postgres', ['http']),
      { test: { ...common, name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 60_000 } },
      ...(projectsOfModes[mode] ?? []),
    ],
  },
}));
