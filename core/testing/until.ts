/** No fact here takes this long: it only ends the wait for one that never comes, also where the machine does much else. */
const untilMsMax = 60_000;

/** Waits until something holds; fails, naming it, when it does not come to be. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + untilMsMax;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it did not come to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
