/** The embedded issuer's first key, made when the server starts rather than by whichever requests come first. */
import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import type { ConnectionPool } from '../../database/pg/pool.ts';

/** Agreed on by all servers on the database. */
const lockKey = 8_031_977_422;

/**
 * Makes a key pair unless the newest one can be used with this secret. Without it, the first sign-ins would each make
 * one, and a changed secret would make every token request fail; keys made before stay, so that tokens stay valid.
 */
export async function ensureSigningKey(pool: ConnectionPool, secret: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    const { rows } = await client.query<{ private_key: string }>(
      'select private_key from todo_auth.jwks order by created_at desc limit 1',
    );
    if (!(rows[0] && (await canDecrypt(rows[0].private_key, secret)))) {
      const { publicKey, privateKey } = makeKeyPair();
      const encrypted = await symmetricEncrypt({ key: secret, data: JSON.stringify(privateKey) });
      await client.query(
        `insert into todo_auth.jwks (id, public_key, private_key, created_at, alg, crv)
         values ($1, $2, $3, now(), 'EdDSA', 'Ed25519')`,
        [randomUUID(), JSON.stringify(publicKey), JSON.stringify(encrypted)],
      );
    }
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function canDecrypt(stored: string, secret: string): Promise<boolean> {
  try {
    await symmetricDecrypt({ key: secret, data: JSON.parse(stored) });
    return true;
  } catch {
    return false;
  }
}

/** As JWKs (RFC 8037). By way of PEM: on Node 20, exporting a key that was just generated can deadlock. */
function makeKeyPair() {
  const { privateKey: pem } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { d, ...publicKey } = createPrivateKey(pem).export({ format: 'jwk' });
  return { publicKey, privateKey: { ...publicKey, d } };
}
