/** The environment variable with the milliseconds that a test waits for a fact. */
export const patienceVariable = "TEST_PATIENCE_MS";

/** Longer than any awaited fact takes, even on a busy machine: it only ends the wait for one that never comes true. */
const untilMsMax = Number(process.env[patienceVariable] ?? 60_000);

/** Waits until something holds; fails, and says what did not come true, when it never does. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + untilMsMax;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it did not come true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
