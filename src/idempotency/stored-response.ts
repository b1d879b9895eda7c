/** The response to a write. It is stored under the idempotency key of the request, and sent again to its replays. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}
