/** What a client's process is told. */
export interface ClientOrder {
  readonly target: string;
  /** Whom it is to be: resumes with the token, in hexadecimal, or logs in. */
  readonly who: { readonly token: string } | { readonly name: string; readonly password: string };
}
