/** Where simulated users come from. */
export interface Accounts {
  /** `signUp` makes them; `seeded` ones are in the database already and log in. */
  readonly kind: "signUp" | "seeded";
  /** The user of client i is called this, then i. */
  readonly namePrefix: string;
  readonly password: string;
}
