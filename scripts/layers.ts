interface Layer {
  readonly name: string;
  readonly imports: readonly string[];
}

/** The folders of resources. */
export const resources = ['tags', 'tasks', 'lists'];

/** The folders with operations. Each may import the ones after it. */
export const operations = ['batch', 'undo', 'history', 'trash', 'tokens', ...resources];

/** What only one of them may import. */
const ownImports: Readonly<Record<string, readonly string[]>> = { tokens: ['auth', 'vocabulary'] };

/** The layers that each folder with operations may import. */
const belowResources = ['database', 'http', 'idempotency', 'principal', 'problems', 'quotas', 'resource', 'runtime'];

/**
 * Layers of `src/`, and the layers that each one may import. A module directly in `src/` is a layer of its own. A layer
 * imports only layers below it, and docs/architecture.md has the same table.
 */
export const layers: readonly Layer[] = [
  {
    name: 'cli',
    imports: [
      'account',
      'api',
      'auth',
      'changes',
      'config',
      'database',
      'idempotency',
      'principal',
      'resource',
      'runtime',
      'server',
      'services',
    ],
  },
  { name: 'server', imports: ['app', 'database', 'http', 'observability', 'problems', 'runtime', 'services'] },
  {
    name: 'app',
    imports: [
      'account',
      'api',
      'auth',
      'changes',
      'http',
      'mcp',
      'observability',
      'problems',
      'runtime',
      'services',
      'system',
      'vocabulary',
      ...operations,
    ].sort(),
  },
  { name: 'api', imports: ['account', 'auth', 'changes', 'http', 'runtime', 'system', ...operations].sort() },
  {
    name: 'services',
    imports: [
      'account',
      'auth',
      'changes',
      'config',
      'database',
      'history',
      'idempotency',
      'mail',
      'observability',
      'rate-limit',
      'runtime',
      'tasks',
      'tokens',
      'trash',
    ],
  },
  // Its tools use operations by internal requests, and their schemas.
  {
    name: 'mcp',
    imports: ['auth', 'config', 'http', 'lists', 'principal', 'problems', 'resource', 'runtime', 'tasks', 'vocabulary'],
  },
  {
    name: 'account',
    imports: [...belowResources, 'changes', 'history', 'tokens', 'trash', 'vocabulary', ...resources].sort(),
  },
  // It renders every resource.
  { name: 'changes', imports: [...belowResources, ...resources].sort() },
  ...operations.map((name, index) => ({
    name,
    imports: [...belowResources, ...(ownImports[name] ?? []), ...operations.slice(index + 1)].sort(),
  })),
  { name: 'system', imports: ['http', 'principal', 'problems'] },
  { name: 'observability', imports: ['auth', 'config', 'database', 'http', 'problems', 'runtime'] },
  {
    name: 'auth',
    imports: [
      'config',
      'database',
      'http',
      'json',
      'mail',
      'principal',
      'problems',
      'rate-limit',
      'runtime',
      'vocabulary',
    ],
  },
  { name: 'rate-limit', imports: ['database', 'http', 'problems', 'runtime'] },
  { name: 'mail', imports: ['config', 'runtime'] },
  { name: 'idempotency', imports: ['database', 'http', 'principal', 'problems', 'quotas', 'resource', 'runtime'] },
  { name: 'resource', imports: ['database', 'http', 'problems', 'quotas', 'vocabulary'] },
  { name: 'quotas', imports: ['database', 'problems', 'vocabulary'] },
  { name: 'http', imports: ['json', 'principal', 'problems', 'vocabulary'] },
  { name: 'database', imports: ['config', 'principal', 'problems', 'runtime'] },
  { name: 'config', imports: ['runtime', 'vocabulary'] },
  { name: 'json', imports: [] },
  { name: 'principal', imports: [] },
  { name: 'problems', imports: ['vocabulary'] },
  { name: 'runtime', imports: [] },
  { name: 'vocabulary', imports: [] },
];
