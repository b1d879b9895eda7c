/** Sample tokens and keys of identity providers, according to their documentation. */

const now = Math.floor(Date.now() / 1000);
const both = ['tasks:read', 'tasks:write'];

export interface TokenSample {
  readonly claims: object;
  readonly header?: object;
  /** The metadata of the published key. */
  readonly key?: object;
  readonly algorithm?: 'ES256' | 'RS256';
  readonly scopes?: readonly string[] | null;
}

/** By the name of the provider in docs/identity-providers.md. */
export const samples: Readonly<Record<string, readonly TokenSample[]>> = {
  Auth0: [
    {
      claims: {
        iss: 'https://TENANT.us.auth0.com/',
        sub: 'auth0|507f1f77bcf86cd799439011',
        aud: ['https://api.example.com', 'https://TENANT.us.auth0.com/userinfo'],
        azp: 'my_client_id',
        scope: 'openid profile tasks:read tasks:write',
        permissions: both,
      },
      header: { typ: 'JWT' },
      key: { alg: 'RS256', use: 'sig', x5t: 'x', x5c: ['MII'] },
      scopes: ['openid', 'profile', ...both],
    },
    {
      // With the access token profile of RFC 9068.
      claims: { iss: 'https://TENANT.us.auth0.com/', sub: 'auth0|1', aud: 'https://api.example.com', client_id: 'c' },
      header: { typ: 'at+jwt' },
    },
  ],
  Okta: [
    {
      claims: {
        ver: 1,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        iss: 'https://DOMAIN.okta.com/oauth2/default',
        aud: 'api://default',
        sub: 'ada@example.com',
        cid: 'nmdP1fcyvdVO11AL7ECm',
        scp: ['openid', ...both],
      },
      scopes: ['openid', ...both],
    },
  ],
  'Microsoft Entra ID, version 2 tokens': [
    {
      claims: {
        aud: 'CLIENT_ID',
        iss: 'https://login.microsoftonline.com/TENANT/v2.0',
        nbf: now - 10,
        azp: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
        tid: 'TENANT',
        scp: 'tasks:read tasks:write',
        ver: '2.0',
      },
      header: { typ: 'JWT', x5t: 'x' },
      // Its keys have no `alg`.
      key: {
        alg: undefined,
        use: 'sig',
        x5t: 'x',
        x5c: ['MII'],
        issuer: 'https://login.microsoftonline.com/TENANT/v2.0',
      },
      scopes: both,
    },
  ],
  'Microsoft Entra ID, version 1 tokens': [
    {
      claims: {
        aud: 'api://CLIENT_ID',
        iss: 'https://sts.windows.net/TENANT/',
        nbf: now - 10,
        appid: '75dbe77f-10a3-4e59-85fd-8c127544f17c',
        sub: 'l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA',
        scp: 'tasks:read',
        ver: '1.0',
      },
      header: { typ: 'JWT', x5t: 'x' },
      key: { alg: undefined },
      scopes: ['tasks:read'],
    },
  ],
  Keycloak: [
    {
      claims: {
        iss: 'https://id.example.com/realms/REALM',
        aud: 'account',
        sub: 'a1b2c3d4-0000-4000-8000-000000000000',
        typ: 'Bearer',
        azp: 'web',
        realm_access: { roles: ['offline_access'] },
        scope: 'openid email profile tasks:read tasks:write',
      },
      header: { typ: 'JWT' },
      scopes: ['openid', 'email', 'profile', ...both],
    },
    {
      claims: { iss: 'https://id.example.com/realms/REALM', aud: ['todo', 'account'], sub: 'a', scope: 'tasks:read' },
      scopes: ['tasks:read'],
    },
  ],
  'Amazon Cognito': [
    {
      // An access token.
      claims: {
        sub: 'aaaaaaaa-bbbb-cccc-dddd-example',
        iss: 'https://cognito-idp.REGION.amazonaws.com/POOL_ID',
        client_id: 'CLIENT_ID',
        token_use: 'access',
        scope: 'aws.cognito.signin.user.admin tasks:read',
        username: 'ada',
      },
      scopes: ['aws.cognito.signin.user.admin', 'tasks:read'],
    },
    {
      // An ID token.
      claims: {
        sub: 'aaaaaaaa-bbbb-cccc-dddd-example',
        iss: 'https://cognito-idp.REGION.amazonaws.com/POOL_ID',
        aud: 'CLIENT_ID',
        token_use: 'id',
        'cognito:username': 'ada',
      },
    },
  ],
  Firebase: [
    {
      claims: {
        iss: 'https://securetoken.google.com/PROJECT',
        aud: 'PROJECT',
        sub: 'zxCV3a9eQrT2',
        firebase: { identities: {}, sign_in_provider: 'password' },
      },
      header: { typ: 'JWT' },
    },
  ],
  Google: [
    {
      claims: {
        iss: 'https://accounts.google.com',
        azp: 'CLIENT_ID.apps.googleusercontent.com',
        aud: 'CLIENT_ID.apps.googleusercontent.com',
        sub: '110169484474386276334',
      },
      header: { typ: 'JWT' },
    },
  ],
  Supabase: [
    {
      claims: {
        iss: 'https://PROJECT.supabase.co/auth/v1',
        sub: '123e4567-e89b-12d3-a456-426614174000',
        aud: 'authenticated',
        role: 'authenticated',
        is_anonymous: false,
      },
      header: { typ: 'JWT' },
      key: { key_ops: ['verify'], ext: true },
      algorithm: 'ES256',
    },
  ],
  Clerk: [
    {
      claims: {
        azp: 'https://example.com',
        fva: [0, -1],
        iss: 'https://DOMAIN.clerk.accounts.dev',
        nbf: now - 10,
        sid: 'sess_123',
        sts: 'active',
        sub: 'user_123',
        v: 2,
      },
      header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' },
    },
  ],
  WorkOS: [
    {
      claims: {
        iss: 'https://api.workos.com',
        sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
        sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
        org_id: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
        permissions: ['posts:read'],
      },
    },
  ],
  Zitadel: [
    {
      claims: {
        iss: 'https://INSTANCE.zitadel.cloud',
        sub: '163840776835432705',
        aud: ['170079991923474689@todo', 'PROJECT_ID'],
        azp: '170079991923474689@todo',
        nbf: now - 10,
      },
      header: { typ: 'JWT' },
    },
  ],
  Authentik: [
    {
      claims: {
        iss: 'https://id.example.com/application/o/SLUG/',
        sub: '3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7',
        aud: 'CLIENT_ID',
        azp: 'CLIENT_ID',
        acr: 'goauthentik.io/providers/oauth2/default',
        scope: 'openid tasks:read tasks:write',
      },
      header: { typ: 'JWT' },
      scopes: ['openid', ...both],
    },
  ],
  'Ory Hydra': [
    {
      claims: {
        iss: 'https://id.example.com',
        sub: 'ada',
        aud: ['https://api.example.com'],
        client_id: 'web',
        ext: {},
        scp: both,
      },
      header: { typ: 'JWT' },
      scopes: both,
    },
  ],
  'Duende IdentityServer': [
    {
      claims: {
        iss: 'https://id.example.com',
        sub: '88421113',
        aud: 'todo',
        client_id: 'web',
        scope: ['openid', ...both],
      },
      header: { typ: 'at+jwt' },
      scopes: ['openid', ...both],
    },
  ],
};
