/** The text of a response's body, as it arrives. */
import { problemOf } from './request.ts';

/**
 * Pieces of the text, cut anywhere. It stops the transfer if the iteration ends early.
 *
 * @param type the media type that the response must have
 * @throws TodoProblem for another response
 */
export async function* textOf(response: Response, type: string): AsyncGenerator<string, void, undefined> {
  const isExpected = response.headers.get('Content-Type')?.startsWith(type);
  if (!isExpected || !response.body) throw problemOf(response, await response.text());
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel();
  }
}
