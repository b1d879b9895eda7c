/** The account of the embedded issuer cannot be changed as an operator asked. The message names the reason. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
}
