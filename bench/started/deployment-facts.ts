import { z } from "zod";
import { deploymentUrl, httpAsk, type TlsTrust } from "../../core/client/index.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";

const factsSchema = z.object({
  strategy: z.string(),
  transport: z.enum(["uws", "ws"]),
  durability: z.object({ postgres: z.string(), synchronousCommit: z.string(), fsync: z.string() }),
});

/** Reads from `/about` what a result must state of the deployment beside its figures. */
export async function deploymentFacts(target: string, tls?: TlsTrust): Promise<z.output<typeof factsSchema>> {
  const url = new URL("about", deploymentUrl(target));
  try {
    const { body } = await httpAsk(url, 64 * 1024, { tls });
    return factsSchema.parse(JSON.parse(body.toString()));
  } catch (cause) {
    const why = messageOf(cause);
    throw new Failure(
      "target_unreachable",
      `${url.href}: ${why}`,
      "start servers with fastchat serve, or correct --target (and --tls-pin)",
      cause,
    );
  }
}
