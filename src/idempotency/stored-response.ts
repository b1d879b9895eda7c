/** The response to a write, which is stored under its idempotency key and sent again to repeated requests. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}
