/** Public test vectors, which lie beside some checkouts and are no part of the project. */
import { existsSync, readFileSync } from 'node:fs';

/** The content of a file of vectors, or undefined where there is none. */
export function readVectors<Content>(file: string): Content | undefined {
  const url = new URL(`../../../shared/vectors/${file}`, import.meta.url);
  return existsSync(url) ? (JSON.parse(readFileSync(url, 'utf8')) as Content) : undefined;
}
