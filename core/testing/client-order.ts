/** What a client's process is to do. */
export interface ClientOrder {
  readonly target: string;
  /** The user: the process resumes with the token (in hexadecimal), or logs in with the password. */
  readonly who: { readonly token: string } | { readonly name: string; readonly password: string };
}
