/**
 * Layers of `src/`, and the layers that each one may import. A module directly in `src/` is a layer of its own. A layer
 * imports only layers below it, and docs/architecture.md has the same table.
 */
export const layers = [
  { name: 'cli', imports: ['api', 'config', 'database', 'runtime', 'server', 'services'] },
  { name: 'server', imports: ['app', 'database', 'http', 'observability', 'problems', 'runtime', 'services'] },
  {
    name: 'app',
    imports: [
      'api',
      'auth',
      'http',
      'observability',
      'principal',
      'problems',
      'runtime',
      'services',
      'system',
      'tags',
      'tasks',
    ],
  },
  { name: 'api', imports: ['auth', 'http', 'runtime', 'system', 'tags', 'tasks'] },
  {
    name: 'services',
    imports: ['auth', 'config', 'database', 'idempotency', 'observability', 'rate-limit', 'runtime', 'tasks'],
  },
  { name: 'tags', imports: ['database', 'http', 'problems', 'tasks'] },
  { name: 'tasks', imports: ['database', 'http', 'idempotency', 'principal', 'problems', 'resource'] },
  { name: 'system', imports: ['http', 'principal', 'problems'] },
  { name: 'observability', imports: ['auth', 'config', 'database', 'http', 'problems'] },
  { name: 'auth', imports: ['config', 'database', 'http', 'json', 'principal', 'problems', 'rate-limit', 'runtime'] },
  { name: 'rate-limit', imports: ['database', 'http', 'problems', 'runtime'] },
  { name: 'idempotency', imports: ['database', 'http', 'problems', 'resource'] },
  { name: 'resource', imports: ['database', 'http', 'problems'] },
  { name: 'http', imports: ['json', 'principal', 'problems'] },
  { name: 'database', imports: ['config', 'principal', 'problems', 'runtime'] },
  { name: 'config', imports: ['runtime'] },
  { name: 'json', imports: [] },
  { name: 'principal', imports: [] },
  { name: 'problems', imports: [] },
  { name: 'runtime', imports: [] },
];
