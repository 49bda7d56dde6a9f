import type { Command } from "commander";
import { jsonLine, plainLine, trustDeployment } from "../core/client/index.ts";
import { allCases } from "../core/conform/cases/all-cases.ts";
import { casesWith, conform } from "../core/conform/conform.ts";
import { linesOf, summaryOf, tallyOf } from "../core/conform/report.ts";
import { systemClock } from "../core/platform/clock.ts";
import { Failure } from "../core/platform/failure.ts";
import { currentHost } from "./command-host.ts";
import { print, run, UsageError } from "./program.ts";

interface ConformOptions {
  readonly only?: string;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly tlsPin?: string;
}

const unreachable = 2;

export function addConform(program: Command): void {
  program
    .command("conform")
    .argument("[address]", "ws://host:port/v1 for one server; host:port or https://… for a deployment")
    .description("Check that a server, whoever wrote it, does what PROTOCOL.md promises.")
    .option("--only <word>", "only the cases whose section or sentence has this word")
    .option("--list", "print the cases, and ask no server")
    .option("--json", "one JSON object at the end instead of lines")
    .option("--tls-pin <fingerprint>", "SHA-256 of the authority that a development server prints at its start")
    .addHelpText(
      "after",
      `
Examples:
  fastchat conform localhost:7400
  fastchat conform ws://localhost:7401/v1 --only attachment
  fastchat conform https://chat.example/fastchat --json | jq '.results[] | select(.outcome == "fail")'

Each case signs up users of its own, whose names begin with conform-, and leaves them and their groups behind. Nothing is
tried twice. Exits with 0 when no case fails, with 1 when one does, and with 2 when no server can be reached.`,
    )
    .action(async (address: string | undefined, options: ConformOptions) => {
      const cases = options.only === undefined ? allCases : casesWith(allCases, options.only);
      if (cases.length === 0)
        throw new UsageError(`no case has "${options.only}" in it; fastchat conform --list prints them`);
      if (options.list) {
        for (const { section, name } of cases) print(`${section}: ${name}`);
        return;
      }
      if (address === undefined) throw new UsageError("missing the address of a server, such as localhost:7400");
      await run((signal) => check(address, cases, options, signal));
    });
}

async function check(
  address: string,
  cases: typeof allCases,
  { json = false, tlsPin }: ConformOptions,
  signal: AbortSignal,
): Promise<number> {
  let section: string | undefined;
  try {
    const results = await conform({
      address,
      cases,
      signal,
      tls: await trustDeployment(address, tlsPin),
      clock: systemClock,
      tell(result) {
        if (json) return;
        for (const line of linesOf(result, section)) print(plainLine(line));
        section = result.section;
      },
    });
    if (json) print(jsonLine({ address, ...tallyOf(results), results }));
    else print(`\n${summaryOf(results)}`);
    if (signal.aborted) return 130;
    return tallyOf(results).failed === 0 ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    currentHost().err(`${cause.code}: ${cause.message}\n${cause.advice}\n`);
    return unreachable;
  }
}
