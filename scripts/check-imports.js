/** Checks who may import whom: the layers of `src/`, and the packages that only some of them may know. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

const source = join(import.meta.dirname, '..', 'src');

/** What each area may import besides itself; an area is a folder of `src/` or a file in it, a file in one narrows it. */
const layers = {
  cli: ['commands', 'failures', 'version'],
  commands: ['app', 'config', 'greeting', 'server', 'services'],
  failures: ['config', 'database', 'server'],
  greeting: ['config'],
  server: ['app', 'deadline', 'http', 'observability', 'readiness', 'services'],
  readiness: ['database', 'services'],
  services: [
    'auth',
    'config',
    'database',
    'deadline',
    'housekeeping',
    'limits',
    'observability',
    'tasks/derived',
    'writes',
  ],
  app: ['auth', 'http', 'observability', 'problems', 'services', 'tasks', 'version'],
  tasks: ['auth/principal', 'database', 'http', 'problems', 'writes'],
  writes: ['auth/principal', 'database', 'http', 'problems'],
  limits: ['database', 'http/context', 'ip-address', 'problems', 'recent-map'],
  auth: ['config', 'database', 'http', 'json', 'limits', 'problems', 'recent-map'],
  database: ['auth/principal', 'config', 'deadline', 'problems'],
  http: ['auth/principal', 'json', 'limits/window', 'problems'],
  observability: ['config', 'database', 'http/context', 'problems'],
  config: ['ip-address'],
  housekeeping: [],
  deadline: [],
  'ip-address': [],
  json: [],
  problems: [],
  'recent-map': [],
  version: [],
};

/** Packages that stay where they are put: the rest of the server can do without knowing them. */
const packages = [
  {
    name: /^(hono|@hono\/.*)$/,
    allowed:
      /^(app|server|http\/.*|auth\/(issuer-routes|bearer|me)|limits\/limits|tasks\/(routes|handlers)|observability\/(request-log|tracing))$/,
  },
  { name: /^drizzle-orm$/, allowed: /^(database\/schema|[^/]+\/tables?|auth\/issuer)$/ },
  { name: /^pg$/, allowed: /^(database\/.*|auth\/(issuer|issuer-database|signing-key))$/ },
  { name: /^@electric-sql\/pglite$/, allowed: /^database\/embedded(-engine|-worker)?$/ },
  { name: /^better-auth$/, allowed: /^auth\/(issuer|issuer-rules|signing-key)$/ },
  { name: /^@opentelemetry\/api$/, allowed: /^observability\/tracing$/ },
  { name: /^pino(-pretty)?$/, allowed: /^observability\/log$/ },
  {
    name: /^zod$/,
    allowed: /^(http\/.*|auth\/(me|issuer-operations)|tasks\/(?!statements)[^/]+|writes\/idempotency-key)$/,
  },
];

const words = [
  { pattern: /\bprocess\.env\b/, allowed: /^config\/environment$/, name: 'process.env' },
  { pattern: /\bprocess\.exit\b(?!Code)/, allowed: /^cli$/, name: 'process.exit' },
];

const faults = modules().flatMap((module) => {
  const text = readFileSync(join(source, `${module}.ts`), 'utf8');
  return [
    ...importsOf(text).flatMap((specifier) => faultOf(module, specifier)),
    ...words
      .filter(({ pattern, allowed }) => pattern.test(text) && !allowed.test(module))
      .map(({ name }) => `${module} uses ${name}`),
  ];
});
for (const fault of faults) console.error(`src/${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;

function modules() {
  return readdirSync(source, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replaceAll(sep, '/').replace(/\.ts$/, ''));
}

function importsOf(text) {
  const statements = text.matchAll(/^(?:import|export)\b[^'";]*?'([^']+)'/gm);
  const expressions = text.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...statements, ...expressions].map(([, specifier]) => specifier);
}

function faultOf(module, specifier) {
  if (specifier.startsWith('node:')) return [];
  if (!specifier.startsWith('.')) {
    const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const rule = packages.find((candidate) => candidate.name.test(name));
    return rule && !rule.allowed.test(module) ? [`${module} imports ${specifier}`] : [];
  }
  const target = relative(source, join(source, dirname(module), specifier))
    .replaceAll(sep, posix.sep)
    .replace(/\.ts$/, '');
  const area = areaOf(module);
  if (!(area in layers)) return [`${module} belongs to no layer that scripts/check-imports.js knows`];
  const allowed = [area, ...layers[area]];
  return allowed.includes(areaOf(target)) || allowed.includes(target) ? [] : [`${module} imports ${target}`];
}

function areaOf(module) {
  return module.split('/')[0];
}
