/** Software bill of materials (CycloneDX) of the packages that an installation of this package has. */
import { execSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  version: string;
  devDependencies?: unknown;
  overrides?: unknown;
  scripts?: unknown;
}

interface Lock extends Manifest {
  readonly packages: { readonly '': Manifest };
}

/**
 * The SBOM as JSON. It has the versions and the hashes of the lock file.
 *
 * `npm sbom --omit=dev` omits every package that some other package has as a development dependency, for example `pg`.
 * So npm removes the development dependencies from a copy of the lock file first.
 *
 * @param directory a directory with package.json and package-lock.json
 * @throws Error if npm fails; npm does not use the network
 */
export function productionSbom(directory: string, version: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-sbom-'));
  try {
    const manifest = readJson<Manifest & { name: string }>(join(directory, 'package.json'));
    const lock = readJson<Lock>(join(directory, 'package-lock.json'));
    for (const part of [manifest, lock, lock.packages['']]) {
      part.version = version;
      delete part.devDependencies;
      delete part.overrides;
      delete part.scripts;
    }
    // npm takes the name of the component from the directory.
    const project = join(folder, manifest.name);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock));
    npm(project, 'install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund');
    return npm(project, 'sbom', '--sbom-format=cyclonedx', '--sbom-type=application');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function npm(directory: string, ...words: string[]): string {
  // With a shell, because Node starts no `npm.cmd` on Windows without one.
  return execSync(['npm', ...words, '--package-lock-only'].join(' '), {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function readJson<Content>(file: string): Content {
  return JSON.parse(readFileSync(file, 'utf8')) as Content;
}
