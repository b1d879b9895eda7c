/** Minimum and maximum length of passwords in characters: OWASP ASVS 5.0, sections 6.2.1 and 6.2.9. */
export const passwordLength = { min: 8, max: 128 };
