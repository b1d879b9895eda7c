/** The text that `serve` prints on a terminal: URLs, data directory and the first commands. */
import type { Config } from '../config/config.ts';
import { maskUrl } from '../config/mask.ts';

/** @param port the port that the server listens on, which differs from the configuration with PORT=0 */
export function banner({ server, database, auth }: Config, port: number): string {
  // A cookie belongs to one host: a session of `localhost` does not exist at `127.0.0.1`.
  const url = server.publicUrl.replace(/^http:\/\/localhost:0$/, `http://localhost:${port}`);
  const data =
    database.kind === 'postgres'
      ? maskUrl(database.url)
      : (database.directory ?? 'in memory only, lost when the server stops');
  const lines = [
    '',
    `  API     ${url}/api/v1/tasks`,
    `  Docs    ${url}/docs`,
    `  Data    ${data}`,
    `  Users   ${userSource(auth)}`,
  ];
  if (auth.mode === 'embedded') lines.push('', '  Get a first token:', ...firstToken(url));
  return `${lines.join('\n')}\n\n`;
}

function userSource(auth: Config['auth']): string {
  switch (auth.mode) {
    case 'embedded':
      return 'Better Auth in this server, at /api/auth';
    case 'jwks':
      return `tokens of ${auth.issuer ?? 'any issuer'}, verified with the keys at ${maskUrl(auth.jwksUrl)}`;
    case 'shared-secret':
      return 'tokens signed with BETTER_AUTH_SECRET';
  }
}

function firstToken(url: string): string[] {
  return [
    `    curl -s -c jar -H 'Content-Type: application/json' ${url}/api/auth/sign-up/email \\`,
    `      -d '{"name":"Ada","email":"ada@example.com","password":"correct horse battery"}'`,
    `    curl -s -b jar ${url}/api/auth/token`,
  ];
}
