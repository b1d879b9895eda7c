/**
 * File system of the embedded database whose files only their owner can read. PGlite sets the mode of each file itself,
 * mostly to 0666, so the umask of the process has no effect.
 */
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type PostgresModule = Parameters<NodeFS['init']>[1];

const ownerOnly = ~0o077;

/** Emscripten's operations that set a mode. */
interface ModeOperations {
  setattr(target: unknown, attributes: { mode?: number }): unknown;
  mknod?(parent: unknown, name: string, mode: number, device: number): unknown;
}

interface EmscriptenModule {
  readonly NODEFS: { readonly node_ops: ModeOperations; readonly stream_ops: ModeOperations };
}

export class PrivateFileSystem extends NodeFS {
  override init(pg: PGlite, options: PostgresModule) {
    const restrict = (module: PostgresModule) => {
      const { NODEFS } = module as unknown as EmscriptenModule;
      restrictModes(NODEFS.node_ops);
      restrictModes(NODEFS.stream_ops);
    };
    return super.init(pg, { ...options, preRun: [...(options.preRun ?? []), restrict] });
  }
}

function restrictModes(operations: ModeOperations): void {
  const { setattr, mknod } = operations;
  operations.setattr = (target, attributes) =>
    setattr(target, attributes.mode === undefined ? attributes : { ...attributes, mode: attributes.mode & ownerOnly });
  if (mknod) operations.mknod = (parent, name, mode, device) => mknod(parent, name, mode & ownerOnly, device);
}
