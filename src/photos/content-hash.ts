/** SHA-256 in hexadecimal. */
export const hashPattern = '^[0-9a-fA-F]{64}$';

const hashExpression = new RegExp(hashPattern);

/** The value where it is a hash. Nothing else identifies a photo. */
export function hashIn(value: unknown): string | undefined {
  return typeof value === 'string' && hashExpression.test(value) ? value : undefined;
}
