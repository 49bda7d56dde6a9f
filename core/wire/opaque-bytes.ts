/**
 * Bytes of each of OPAQUE's messages, exactly: RFC 9807 (sections 5.1 and 6.1) with ristretto255-SHA512, HKDF-SHA-512 and
 * HMAC-SHA-512. The library that computes them ignores bytes behind a message, so lengths are checked here.
 */
export const opaqueBytes = {
  registrationRequest: 32,
  registrationResponse: 64,
  registrationRecord: 192,
  ke1: 96,
  ke2: 320,
  ke3: 64,
} as const;
