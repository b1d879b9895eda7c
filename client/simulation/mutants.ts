/**
 * Proof that the simulation finds faults: it breaks the store in one way at a time, and a short run must fail.
 * `npm run simulate:mutants` prints the violation that each fault leads to.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const client = join(import.meta.dirname, '..');

/** Steps within which a fault must show. */
const steps = '400000';

interface Mutant {
  readonly fault: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
}

const mutants: readonly Mutant[] = [
  {
    fault: 'An operation is sent with a new key each time, so a repetition is executed twice',
    file: 'sender.ts',
    text: "'Idempotency-Key': key }",
    replacement: "'Idempotency-Key': key + this.#attempts++ }",
  },
  {
    fault: 'The answer is stored in another commit than the removal of the operation',
    file: 'sender.ts',
    text: 'return shared.commit((replica) => confirmOperation(replica, operation, outcome.resource));',
    replacement: `{
          const [removal, answer] = confirmOperation(shared.replica, operation, outcome.resource);
          await shared.commit(() => (removal ? [removal] : []));
          return shared.commit(() => (answer ? [answer] : []));
        }`,
  },
  {
    fault: 'A resource that the server has changed hides the pending writes',
    file: 'view.ts',
    text: 'draft.written.set(operation.resourceId, this.#apply(draft, operation));',
    replacement:
      'if (!replica.resources.has(keyOf(operation))) draft.written.set(operation.resourceId, this.#apply(draft, operation));',
  },
  {
    fault: 'An operation is dropped after three failures',
    file: 'sender.ts',
    text: 'return this.#postpone(operation, outcome.retryAfterMs);',
    replacement: `if ((this.#failures.get(operation.id) ?? 0) >= 3) {
          return shared.commit((replica) => removeOperation(replica, operation));
        }
        return this.#postpone(operation, outcome.retryAfterMs);`,
  },
  {
    fault: 'The newest operation is sent first',
    file: 'sender.ts',
    text: 'for (const operation of queue) {',
    replacement: 'for (const operation of queue.toReversed()) {',
  },
  {
    fault: 'An answer replaces a newer version',
    file: 'settle.ts',
    text: 'confirmed ? version > confirmed.version',
    replacement: 'confirmed ? true',
  },
  {
    fault: 'A repeated answer brings a deleted resource back',
    file: 'settle.ts',
    text: "confirmed ? version > confirmed.version : action === 'create'",
    replacement: 'confirmed ? version > confirmed.version : true',
  },
  {
    fault: 'A delta ends answers that it does not contain',
    file: 'receive.ts',
    text: 'answer.revision <= requestedAt ||',
    replacement: 'true ||',
  },
  {
    fault: 'A snapshot keeps resources that the server has no more',
    file: 'receive.ts',
    text: '...(delta.isSnapshot ? missingResources(replica, delta) : []),',
    replacement: '',
  },
  {
    fault: 'Pages are committed one by one, so the base is a state that the server never had',
    file: 'reader.ts',
    text: 'if (!page.has_more) return this.#commit(pages, requestedAt);',
    replacement:
      'await this.#commit(pages, requestedAt);\n      if (!page.has_more) return;\n      (pages as any).since = page.cursor;',
  },
  {
    fault: 'A tab commits without regard for the commits of other tabs',
    file: 'shared-replica.ts',
    text: 'await this.#storage.commit(revision - 1, changes)',
    replacement: 'await this.#storage.commit(await this.#storage.readRevision(), changes)',
  },
  {
    fault: 'Tabs do not look for commits of tabs that have crashed',
    file: 'store.ts',
    text: 'if (!ending.signal.aborted) await shared.refresh()',
    replacement: 'await Promise.resolve()',
  },
  {
    fault: 'A write is acknowledged before it is durable',
    file: 'shared-replica.ts',
    text: 'if (await this.#storage.commit(revision - 1, changes)) {',
    replacement: 'void this.#storage.commit(revision - 1, changes).catch(() => {});\n        {',
  },
  {
    fault: 'A tab applies the commits of other tabs in the order in which their messages arrive',
    file: 'shared-replica.ts',
    text: 'if (revision <= this.replica.revision) return;\n      if (revision === this.replica.revision + 1) this',
    replacement: 'if (true) this',
  },
  {
    fault: 'A failed request is repeated at once',
    file: 'backoff.ts',
    text: 'const ms = Math.max(minMs, pauseMs(this.#failures, this.#environment.random()));',
    replacement: 'const ms = minMs * 0;',
  },
  {
    fault: 'An operation is sent although an earlier one on its resource waits',
    file: 'sender.ts',
    text: '&& !operation.ids.some((id) => waiting.has(id))',
    replacement: '',
  },
  {
    fault: 'A moved task is shown beside the place where its sibling was when the user moved it',
    file: 'view.ts',
    text: 'draft.written.set(operation.resourceId, this.#apply(draft, operation));',
    replacement: `const result = this.#apply(draft, operation);
      const first = this.#firstPlaces.get(operation.id) ?? result?.position;
      if (operation.action === 'move') this.#firstPlaces.set(operation.id, first);
      const isMoved = operation.action === 'move' && result;
      draft.written.set(operation.resourceId, isMoved ? { ...result, position: first } : result);`,
  },
  {
    fault: 'A task that is moved between siblings with the same position is shown behind both',
    file: 'places.ts',
    text: 'for (const [number, other] of tied.entries())',
    replacement: 'for (const [number, other] of tied.slice(0, 0).entries())',
  },
  {
    fault: 'Moves are computed before the writes that they depend on',
    file: 'view.ts',
    text: 'for (const operation of operations) {',
    replacement: `const isMove = ({ action }: Operation) => action === 'move';
    for (const operation of [...operations.filter(isMove), ...operations.filter((each) => !isMove(each))]) {`,
  },
  {
    fault: 'A move is sent although the creation of the sibling waits',
    file: 'operation.ts',
    text: '[resourceId, list_id, parent_id, before, after]',
    replacement: '[resourceId, list_id, parent_id]',
  },
  {
    fault: 'Subtasks stay in the list that their parent has left',
    file: 'places.ts',
    text: 'if (task.list_id !== list_id) tasks.adapt',
    replacement: 'if (false) tasks.adapt',
  },
  {
    fault: 'A subtask stays in the list of its parent after the move of the parent was rejected',
    file: 'places.ts',
    text: '    this.dependent.add(resource.id);',
    replacement: '',
  },
  {
    fault: 'A store works with the token of another user',
    file: 'reader.ts',
    text: '    await this.#checkUser(signal);\n',
    replacement: '',
  },
];

const folder = mkdtempSync(join(tmpdir(), 'todo-api-mutant-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(client, '..', 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const mutant of mutants) report(mutant);
} finally {
  rmSync(folder, { recursive: true });
}

function report({ fault, file, text, replacement }: Mutant): void {
  for (const name of ['src', 'simulation']) cpSync(join(client, name), join(folder, name), { recursive: true });
  const path = join(folder, 'src', 'offline', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2) throw new Error(`${file} does not have this text once: ${text}`);
  const fields: Record<string, string> = { '#attempts': '#attempts = 0;', '#firstPlaces': '#firstPlaces = new Map();' };
  const field = Object.entries(fields).find(([name]) => replacement.includes(name))?.[1] ?? '';
  writeFileSync(path, source.replace(text, () => replacement).replace('  readonly #', `  ${field}\n  readonly #`));
  const main = join(folder, 'simulation', 'main.ts');
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, '--steps', steps, '--seed', '1'], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  const violation = /^seed \d+: .*$/m.exec(stderr)?.[0].slice(0, 160);
  console.log(
    `${status === 1 && violation ? 'found ' : 'MISSED'} ${fault}\n         ${violation ?? stderr.slice(0, 500)}`,
  );
  if (status !== 1 || !violation) process.exitCode = 1;
}
