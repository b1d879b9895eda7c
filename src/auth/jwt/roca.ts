/** Detection of RSA keys whose private key can be computed from the public key: CVE-2017-15361, "ROCA". */

/** The primes and the generator that the flawed key generation of Infineon's chips uses. */
const primes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const generator = 65_537;

/**
 * Whether a modulus has the ROCA fingerprint: it is a power of 65537 modulo each of these primes. A random modulus has it
 * with a probability of about 2^-28 (Nemec et al., "The Return of Coppersmith's Attack", 2.2).
 *
 * @param modulus big-endian, in base64url
 */
export function hasRocaFingerprint(modulus: string): boolean {
  const number = BigInt(`0x${Buffer.from(modulus, 'base64url').toString('hex')}`);
  return primes.every((prime) => isPowerOfGenerator(Number(number % BigInt(prime)), prime));
}

function isPowerOfGenerator(remainder: number, prime: number): boolean {
  let power = 1;
  do {
    if (power === remainder) return true;
    power = (power * generator) % prime;
  } while (power !== 1);
  return false;
}
