/** The folders of `src/` and which others each one may import. A single module of `src/` counts as a folder. */
export const layers = [
  { name: 'cli', imports: ['app', 'config', 'database', 'runtime', 'server', 'services'] },
  { name: 'server', imports: ['app', 'database', 'http', 'observability', 'problems', 'runtime', 'services'] },
  {
    name: 'app',
    imports: ['auth', 'http', 'observability', 'problems', 'runtime', 'services', 'system', 'tags', 'tasks'],
  },
  {
    name: 'services',
    imports: ['auth', 'config', 'database', 'idempotency', 'observability', 'rate-limit', 'runtime', 'tasks'],
  },
  { name: 'tags', imports: ['database', 'http', 'problems', 'tasks'] },
  { name: 'tasks', imports: ['database', 'http', 'idempotency', 'principal', 'problems', 'resource'] },
  { name: 'system', imports: ['http', 'principal', 'problems'] },
  { name: 'auth', imports: ['config', 'database', 'http', 'json', 'principal', 'problems', 'rate-limit', 'runtime'] },
  { name: 'rate-limit', imports: ['database', 'http', 'problems', 'runtime'] },
  { name: 'observability', imports: ['config', 'database', 'http', 'problems'] },
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
