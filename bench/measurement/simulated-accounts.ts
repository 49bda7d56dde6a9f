/** At a deployment that the benchmark started itself, simulated users sign up. */
export const simulatedAccounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;
