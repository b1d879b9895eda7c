/** Errors about the certificate of a TLS server, which only an operator can fix. */

/**
 * Node's codes for a certificate that is not trusted or belongs to another host (`tls`, "X509 certificate error
 * codes").
 */
const certificateCode =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|ERROR_IN_CERT_|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

export function isCertificateError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && certificateCode.test(code);
}
