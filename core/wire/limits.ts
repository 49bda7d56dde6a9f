/**
 * Every bound of the protocol. A server may be configured to be stricter, never laxer; it refuses what is over a bound with
 * the error code named beside it.
 */
export const limits = {
  /**
   * Largest frame in either direction, in bytes (`frame_too_large`). A page of staged keys is the largest that a client
   * needs: 256 wrapped keys of 384 bytes are 100 KB. Raising it raises worst-case memory: connections × this.
   */
  frameBytesMax: 128 * 1024,

  /** Largest sealed message, in bytes (`payload_too_large`). What is larger travels as an attachment. */
  payloadBytesMax: 64 * 1024,

  /** The server ends a DELIVER frame that has reached this many bytes, and puts the next messages into another. */
  deliverBytesTarget: 48 * 1024,

  /** Members of one group (`group_full`). Every change of membership wraps a key for each of them. */
  groupMembersMax: 1000,

  /** Groups of one user (`too_many_groups`): the answer to `groups` must fit into a frame. */
  userGroupsMax: 500,

  /** Characters of a user name after normalisation (`name_invalid`). */
  userNameLengthMax: 32,

  /** Names and ids in one `findUsers` (`malformed_frame`): an identity takes about 900 bytes of the answer. */
  findUsersMax: 100,

  /** Wrapped keys in one `stageKeys` (`malformed_frame`), and held for a connection in all (`busy`). */
  stagedKeysPerFrameMax: 256,
  stagedKeysMax: 2048,

  /** Requests of a connection that are not answered yet (`busy`). */
  requestsInFlightMax: 64,

  /** Refused messages of a connection whose turns the server keeps, besides the first of each group. */
  sendTurnsMax: 1024,

  /** How long the messages behind a refused one wait for it, from when it may come again; then the connection ends. */
  sendTurnMsMax: 30_000,

  /** Entries in one page of a group's log, and wrapped keys in one answer to `keys`. */
  logPageMax: 50,
  keysPageMax: 100,

  /** Messages and bytes in one page of `sync`: small enough not to hold up the server's other clients. */
  syncPageMax: 500,
  syncPageBytesMax: 256 * 1024,

  /** A socket that has not logged in after this long is closed (`authentication_timeout`). */
  authenticationMsMax: 10_000,

  /** Largest public identity, in bytes (`malformed_frame`). */
  identityBytesMax: 2048,

  /** Largest wrapped key, in bytes (`malformed_frame`): those of `rsa-fernet` have 384. */
  wrappedKeyBytesMax: 1024,

  /**
   * Sealed account secret, in bytes (`malformed_frame`): at least what sealing adds (version, nonce and tag) and one byte; two
   * private keys and a public identity are 3 KiB.
   */
  backupBytesMin: 30,
  backupBytesMax: 8192,

  /** Largest membership entry: 1,000 subjects of 48 bytes (`malformed_frame`). */
  entryBytesMax: 64 * 1024,
} as const;
