/** What a client's process is to do. */
export interface ClientOrder {
  readonly target: string;
  /** The user: the process resumes with the token, or logs in with the password. */
  readonly who: { readonly token: Uint8Array } | { readonly name: string; readonly password: string };
}

/** What a client's process does for the test that started it. */
export interface ClientProcessCalls {
  /** Resolves once a server has welcomed the client. */
  connect(order: ClientOrder): Promise<void>;
}

/** What a test does for the clients' processes that it started. */
export interface ClientWatcherCalls {
  /** A server has welcomed the client. */
  welcomed(server: string): void;
}
