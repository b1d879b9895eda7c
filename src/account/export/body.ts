/** The body of an export's response. */
import type { OpenStream } from '../../changes/events/open-streams.ts';

/**
 * The server takes a piece only when the client has read the one before it, so a slow client costs the memory of one page. If
 * the export fails or must end, the connection is cut, because the status was sent long before.
 *
 * @param cut closes the connection, or fails the body if the server does not know the connection
 * @param onEnd called once, with the error if the export was cut
 */
export function exportBody(
  pieces: AsyncGenerator<string, void, void>,
  { signal, close }: OpenStream,
  cut: (failBody: () => void) => void,
  onEnd: (error?: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let hasEnded = false;
  const end = (error?: unknown) => {
    if (hasEnded) return;
    hasEnded = true;
    close();
    onEnd(error);
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener('abort', () => {
          if (hasEnded) return;
          const error = new Error(`the export was ended: ${signal.reason}`);
          end(error);
          cut(() => controller.error(error));
        });
      },
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (hasEnded) return;
          if (!done) return controller.enqueue(encoder.encode(value));
          end();
          controller.close();
        } catch (error) {
          if (hasEnded) return;
          end(error);
          cut(() => controller.error(error));
        }
      },
      async cancel() {
        end();
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}
