/** Accounts of the embedded issuer, and requests to the API in their name. */

export interface Account {
  readonly email: string;
  readonly password: string;
  /** The address that the proxy in front of the server would report. */
  readonly address: string;
  /** The session token, with which the account gets JWTs. */
  readonly session: string;
}

/** What a process of the soak test receives on its standard input. */
export interface Orders {
  readonly url: string;
  readonly seconds: number;
  /** Multiplies the rates and connections of the attackers. */
  readonly intensity: number;
  readonly good: readonly Account[];
  readonly attackers: readonly Account[];
}

export interface Answer {
  /** 0 without a response. */
  readonly status: number;
  /** The code of the problem, or the code of the network error. */
  readonly code: string;
  readonly body: any;
  readonly headers: Headers;
}

export interface Asked {
  readonly address: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request and reads the response. It does not throw. */
export async function ask(url: string, method: string, path: string, asked: Asked): Promise<Answer> {
  const { address, token, body, headers = {} } = asked;
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        'X-Forwarded-For': address,
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
    const parsed = isJson ? JSON.parse(text) : null;
    const code = response.ok ? '' : String(parsed?.code ?? '');
    return { status: response.status, code, body: parsed, headers: response.headers };
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return { status: 0, code: cause?.code ?? name, body: null, headers: new Headers() };
  }
}

/** @throws if the sign-up fails */
export async function signUp(url: string, name: string, address: string): Promise<Account> {
  const email = `${name}@example.com`;
  const password = `correct horse battery ${name}`;
  const answer = await ask(url, 'POST', '/api/auth/sign-up/email', { address, body: { name, email, password } });
  const session = answer.headers.get('set-auth-token');
  if (answer.status !== 200 || !session) throw new Error(`the sign-up returned ${answer.status} ${answer.code}`);
  return { email, password, address, session };
}

/** The lifetime of a JWT is 15 minutes. */
const renewAfterMs = 8 * 60_000;

/** Returns a JWT of the account, which is renewed in time; undefined if the server issues none. */
export function tokensOf(url: string, { session, address }: Account): () => Promise<string | undefined> {
  let token: string | undefined;
  let renewAt = 0;
  return async () => {
    if (Date.now() > renewAt) {
      const { body } = await ask(url, 'GET', '/api/auth/token', { address, token: session });
      token = body?.token ?? token;
      renewAt = Date.now() + renewAfterMs;
    }
    return token;
  };
}
