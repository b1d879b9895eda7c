/**
 * Check of the imports in `src/`: their direction between folders, packages that only some modules may import, and cycles.
 * Type imports count, too. The client in `client/src/` imports only its own modules,
 * and its integrations the types of one package.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { layers, operations, resources } from './layers.ts';

const source = join(import.meta.dirname, '..', 'src');

/** Packages that only some modules may import. Other modules do not depend on them. */
const packages = [
  { name: /^node:https?2?$/, allowed: /^(http\/node\/.*|server\/.*|observability\/metrics-server)$/ },
  { name: /^@hono\/node-server$/, allowed: /^(http\/node\/.*|server\/.*)$/ },
  { name: /^hono$/, allowed: /^(app|http\/.*|system\/docs)$/ },
  {
    name: /^drizzle-orm$/,
    allowed: /^(database\/schema\/definitions|[^/]+\/table|auth\/better-auth\/(tables|adapter))$/,
  },
  { name: /^pg(-protocol)?$/, allowed: /^(database\/pg\/.*|auth\/better-auth\/(adapter|issuer|issuer-database))$/ },
  { name: /^@electric-sql\/pglite$/, allowed: /^database\/pglite\/(pglite|engine|worker|private-file-system)$/ },
  { name: /^better-auth$/, allowed: /^auth\/better-auth\/.*$/ },
  { name: /^@zxcvbn-ts\/.*$/, allowed: /^auth\/better-auth\/password-strength$/ },
  { name: /^nodemailer$/, allowed: /^mail\/smtp$/ },
  { name: /^jose$/, allowed: /^auth\/jwt\/verify-jws$/ },
  { name: /^@opentelemetry\/api$/, allowed: /^observability\/tracing$/ },
  { name: /^@modelcontextprotocol\/server$/, allowed: /^mcp\/protocol$/ },
  { name: /^pino(-pretty)?$/, allowed: /^observability\/log$/ },
  {
    name: /^zod$/,
    allowed: new RegExp(
      `^((account|changes|http|mcp|resource|system|${operations.join('|')})/.*|idempotency/header|auth/better-auth/([a-z-]+-)?operations?)$`,
    ),
  },
];

/** Modules that only some modules may import, although the layers would allow it. */
const adapters = [
  // The app does not depend on the server that runs it.
  { name: /^http\/(node\/.*|fetch-handler)$/, allowed: /^(http\/node|server)\/.*$/ },
  // They import Drizzle, which a server without Better Auth does not load. Types count, too.
  {
    name: /^(database\/schema\/definitions|[^/]+\/table|auth\/better-auth\/tables)$/,
    allowed: /^(database\/schema\/definitions|[^/]+\/table|auth\/better-auth\/(tables|adapter))$/,
  },
];

/**
 * What resources share does not know any of them. The words "tags" and "lists" have other meanings there, such as entity tags
 * and lists of errors.
 */
const shared = resources
  .filter((name) => !['tags', 'lists'].includes(name))
  .map((name) => ({
    pattern: new RegExp(`(?<![a-z])${name.replace(/s$/, '')}s?(?![a-z])`, 'i'),
    allowed: /^(?!(http|idempotency|problems|quotas|resource)\/)/,
    name: `the name of the resource "${name}"`,
  }));

const words = [
  ...shared,
  { pattern: /\bprocess\.env\b/, allowed: /^config\/environment$/, name: 'process.env' },
  { pattern: /\bprocess\.exit\b(?!Code)/, allowed: /^cli\/main$/, name: 'process.exit' },
];

/** The package whose types a module of the client's integrations imports. The package itself is not in the bundle. */
const typesOfIntegrations: Readonly<Record<string, string>> = {
  'cached-results.ts': '@tanstack/query-core',
  'tanstack-db.ts': '@tanstack/db',
  'tanstack-query.ts': '@tanstack/query-core',
};

const modules = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll(sep, '/').replace(/\.ts$/, ''));
const texts = new Map(modules.map((module) => [module, readFileSync(join(source, `${module}.ts`), 'utf8')]));
const imports = new Map(modules.map((module) => [module, importsOf(module)]));

const errors = [
  ...modules.flatMap((module) => [
    ...directionErrors(module),
    ...adapterErrors(module),
    ...packageErrors(module),
    ...wordErrors(module),
  ]),
  ...cycles().map((cycle) => `${cycle.join(' -> ')} is a cycle`),
];
for (const error of errors) console.error(`src/${error}`);
const clientErrors = importErrorsOfClient();
for (const error of clientErrors) console.error(`client/src/${error}`);
process.exitCode = errors.length + clientErrors.length > 0 ? 1 : 0;

/** Browsers and React Native have neither Node's modules nor those of the server. The storage in files is only for Node. */
function importErrorsOfClient(): string[] {
  const folder = join(source, '..', 'client', 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== join('offline', 'file.ts'))
    .flatMap((file) =>
      specifiersIn(withoutTypesOf(typesOfIntegrations[file], readFileSync(join(folder, file), 'utf8')))
        .filter(
          (specifier) =>
            relative(folder, join(folder, dirname(file), specifier)).startsWith('..') || !specifier.startsWith('.'),
        )
        .map((specifier) => `${file} imports ${specifier}`),
    );
}

function withoutTypesOf(name: string | undefined, text: string): string {
  return text.replaceAll(new RegExp(`^import type \\{[^}]*\\} from '${name}';$`, 'gm'), '');
}

function importsOf(module: string): string[] {
  return specifiersIn(texts.get(module) ?? '');
}

function specifiersIn(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*'([^']+)'/gm);
  const expressions = text.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...statements, ...expressions].map(([, specifier = '']) => specifier);
}

/** The modules of `src/` that a module imports. */
function targetsOf(module: string): string[] {
  return (imports.get(module) ?? [])
    .filter((specifier) => specifier.startsWith('.') && specifier.endsWith('.ts'))
    .map((specifier) => relative(source, join(source, dirname(module), specifier)))
    .map((target) => target.replaceAll(sep, posix.sep).replace(/\.ts$/, ''));
}

function directionErrors(module: string): string[] {
  const folder = folderOf(module);
  const allowed = layers.find(({ name }) => name === folder)?.imports;
  if (!allowed) return [`${module} is in a folder that scripts/layers.ts does not list`];
  return targetsOf(module)
    .filter((target) => folderOf(target) !== folder && !allowed.includes(folderOf(target)))
    .map((target) => `${module} imports ${target}`);
}

function adapterErrors(module: string): string[] {
  return targetsOf(module)
    .filter((target) => adapters.some(({ name, allowed }) => name.test(target) && !allowed.test(module)))
    .map((target) => `${module} imports ${target}`);
}

function packageErrors(module: string): string[] {
  return (imports.get(module) ?? [])
    .filter((specifier) => !specifier.startsWith('.'))
    .filter((specifier) => {
      const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
      const rule = packages.find((candidate) => candidate.name.test(name));
      return rule && !rule.allowed.test(module);
    })
    .map((specifier) => `${module} imports ${specifier}`);
}

function wordErrors(module: string): string[] {
  return words
    .filter(({ pattern, allowed }) => pattern.test(texts.get(module) ?? '') && !allowed.test(module))
    .map(({ name }) => `${module} uses ${name}`);
}

/** Every cycle once, found by depth-first search. */
function cycles(): string[][] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const visit = (module: string, path: readonly string[]) => {
    if (path.includes(module)) {
      found.push([...path.slice(path.indexOf(module)), module]);
      return;
    }
    if (finished.has(module)) return;
    for (const target of targetsOf(module)) visit(target, [...path, module]);
    finished.add(module);
  };
  for (const module of modules) visit(module, []);
  return found;
}

function folderOf(module: string): string {
  return module.replace(/\/.*/, '');
}
