import { z } from "zod";
import { accepted, type Result } from "../../platform/result.ts";
import { deploymentUrl } from "./deployment-url.ts";
import { askDeployment, type DialRefusal, offline } from "./dial.ts";
import type { TlsTrust } from "./tls-trust.ts";

const about = z.object({ strategy: z.string(), transport: z.string() });

/** What a deployment reports of how it works. */
export type AboutDeployment = Readonly<z.output<typeof about>>;

/** Asks a deployment at its address which strategy sends clients to its servers, and what carries their sockets. */
export async function aboutDeployment(address: string, tls?: TlsTrust): Promise<Result<AboutDeployment, DialRefusal>> {
  const base = deploymentUrl(address);
  const answer = await askDeployment(base, "about", tls);
  if (!answer.ok) return answer;
  const parsed = about.safeParse(answer.value);
  return parsed.success ? accepted(parsed.data) : offline(`${base.href}about does not say how it works`);
}
