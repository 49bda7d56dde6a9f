/** Simulated users of a deployment that a benchmark has started sign up. */
export const simulatedAccounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;
