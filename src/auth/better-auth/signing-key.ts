/** Creation of the embedded issuer's signing key when the server starts. */
import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { inTransaction } from '../../database/pg/transaction.ts';

/** Advisory lock key, the same in all servers on the database. */
const lockKey = 8_031_977_422;

/**
 * Creates a key pair unless the secret decrypts the newest one. Otherwise each of the first concurrent token requests would
 * create one, and every token request would fail after a change of the secret. Older keys stay, so that tokens stay valid.
 */
export async function ensureSigningKey(pool: ConnectionPool, secret: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    const { rows } = await client.query<{ private_key: string }>(
      'select private_key from todo_auth.jwks order by created_at desc limit 1',
    );
    if (rows[0] && (await canDecrypt(rows[0].private_key, secret))) return;
    const { publicKey, privateKey } = generateKeyPair();
    const encrypted = await symmetricEncrypt({ key: secret, data: JSON.stringify(privateKey) });
    await client.query(
      `insert into todo_auth.jwks (id, public_key, private_key, created_at, alg, crv)
       values ($1, $2, $3, now(), 'EdDSA', 'Ed25519')`,
      [randomUUID(), JSON.stringify(publicKey), JSON.stringify(encrypted)],
    );
  });
}

async function canDecrypt(stored: string, secret: string): Promise<boolean> {
  try {
    await symmetricDecrypt({ key: secret, data: JSON.parse(stored) });
    return true;
  } catch {
    return false;
  }
}

/** A key pair as JWKs (RFC 8037). It is exported as PEM first: on Node 20, exporting a new key object can deadlock. */
function generateKeyPair() {
  const { privateKey: pem } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { d, ...publicKey } = createPrivateKey(pem).export({ format: 'jwk' });
  return { publicKey, privateKey: { ...publicKey, d } };
}
