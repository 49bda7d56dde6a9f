/** How simulated users get their accounts. */
export interface Accounts {
  /** `signUp`: they sign up. `seeded`: they are in the database already, and log in. */
  readonly kind: "signUp" | "seeded";
  /** The name of client i's user is this prefix and i. */
  readonly namePrefix: string;
  readonly password: string;
}
