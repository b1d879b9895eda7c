/** Size of code in a browser: bundled, minified and compressed. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * Bytes after gzip.
 *
 * @param code a module that exports what an application uses
 * @param resolveDir the folder in which imported packages are installed
 */
export async function bundleSize(code: string, resolveDir: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}
