/** Command lines of npm. */

/**
 * A program and its arguments. Node runs npm's own script, because Windows has only `npm.cmd`, which Node starts in a shell
 * only.
 */
export function npmCommand(...words: readonly string[]): [program: string, words: string[]] {
  const script = process.env.npm_execpath;
  return script ? [process.execPath, [script, ...words]] : ['npm', [...words]];
}
