/** Who a request is made by: all that the rest of the server knows of identity. */

export const scopes = ['tasks:read', 'tasks:write'] as const;

export type Scope = (typeof scopes)[number];

/** The user of a verified token. */
export interface Principal {
  /** The token's `sub`: 1 to 255 characters, opaque. */
  readonly userId: string;
  /** The words of the token's `scope` claim (RFC 8693, section 4.2), or null when it has none and may do everything. */
  readonly scopes: readonly string[] | null;
}
