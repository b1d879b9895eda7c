/** The MCP server as a protected resource of OAuth: its metadata (RFC 9728) and its challenges. */
import { insufficientScope } from '../auth/authenticate.ts';
import type { Config } from '../config/config.ts';
import { ProblemError } from '../problems/problem.ts';
import { metadataRoute } from './routes.ts';
import type { Tool } from './tools/tool.ts';
import { toolScopes } from './tools/tools.ts';

/** The metadata (RFC 9728, section 2). Without an issuer, there is no authorization server: users create API tokens. */
export function protectedResourceMetadata({ auth, server }: Pick<Config, 'auth' | 'server'>): object {
  const issuer = auth.mode === 'embedded' ? null : auth.issuer;
  return {
    resource: server.mcpUrl,
    ...(issuer !== null && isHttpUrl(issuer) && { authorization_servers: [issuer] }),
    scopes_supported: toolScopes,
    bearer_methods_supported: ['header'],
    resource_name: 'Tasks',
  };
}

/** In the mode `shared-secret`, an issuer can have any name. */
function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Adds the location of the metadata to the challenges of problems (RFC 9728, section 5.1). */
export class Challenges {
  readonly #metadata: string;

  constructor({ publicUrl }: Config['server']) {
    this.#metadata = `resource_metadata="${publicUrl}${metadataRoute.path}"`;
  }

  /** The error with a longer challenge. Any other error is returned unchanged. */
  extended(error: unknown): unknown {
    const challenge = error instanceof ProblemError ? error.headers['WWW-Authenticate'] : undefined;
    if (!(error instanceof ProblemError) || challenge === undefined) return error;
    const separator = challenge === 'Bearer' ? ' ' : ', ';
    const scope = / scope=/.test(challenge) ? '' : `, scope="${toolScopes.join(' ')}"`;
    const headers = { ...error.headers, 'WWW-Authenticate': `${challenge}${separator}${this.#metadata}${scope}` };
    return new ProblemError(error.code, { ...error, headers });
  }

  /** The problem of a call whose token lacks the scope of the tool. */
  insufficientScope({ name, scope }: Tool): unknown {
    return this.extended(insufficientScope([scope], `The tool ${name} requires a token with the scope ${scope}.`));
  }
}
