/** An embedded issuer beside a server, without the data of the API and without optional features. */
import { createIssuer, type Issuer } from '../../src/auth/better-auth/issuer.ts';
import type { IssuerOptions } from '../../src/auth/better-auth/issuer-options.ts';
import type { TestApi } from './api.ts';
import { testSecret } from './databases.ts';

/** @param api the server whose database and URL it has */
export function createPlainIssuer(api: TestApi, options: Partial<Pick<IssuerOptions, 'secret' | 'log'>> = {}): Issuer {
  return createIssuer(api.database.driver.pool, {
    publicUrl: api.config.server.publicUrl,
    secret: testSecret,
    trustedOrigins: [],
    erasure: { erase: async () => [], eraseTokens: async () => [], onErased: () => {} },
    accounts: { appUrl: null, sendMail: null, providers: {}, hasTwoFactor: false },
    timeoutMs: 5_000,
    log: () => {},
    ...options,
  });
}
