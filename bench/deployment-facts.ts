import { z } from "zod";
import { deploymentUrl } from "../core/client/dial.ts";
import { Failure, messageOf } from "../core/platform/failure.ts";

const factsSchema = z.object({
  strategy: z.string(),
  transport: z.enum(["uws", "ws"]),
  durability: z.object({ postgres: z.string(), synchronousCommit: z.string(), fsync: z.string() }),
});

/** What a deployment says of itself at `/about`: what a result must state beside its figures. */
export async function deploymentFacts(target: string): Promise<z.output<typeof factsSchema>> {
  const url = new URL("/about", deploymentUrl(target));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return factsSchema.parse(await response.json());
  } catch (cause) {
    const why = messageOf((cause as Error).cause ?? cause);
    throw new Failure(
      "target_unreachable",
      `${url.href}: ${why}`,
      "start servers with fastchat serve, or correct --target",
      cause,
    );
  }
}
