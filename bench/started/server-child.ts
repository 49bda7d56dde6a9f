import { startDeployment } from "../../core/cluster/deployment.ts";
import { ownCpuSeconds } from "../../core/platform/cpu-seconds.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { createLog } from "../../core/platform/log.ts";
import { callsToParent } from "../../core/platform/thread-calls.ts";
import type { Arm, ReadyServer, ServerChildCalls } from "./arm.ts";
import { openBareServer } from "./bare-server.ts";

/** The process under test: one arm, started fresh for each measurement. It ends when the process that started it ends. */
const ours: ServerChildCalls = {
  start,
  usage: () => ({ cpuSeconds: ownCpuSeconds(), residentBytes: process.memoryUsage.rss() }),
  stop: () => void stop(),
};
let stopArm = async () => {};

callsToParent(ours);
process.on("disconnect", () => void stop());
// Ctrl-C reaches this process too; it goes on until the benchmark calls `stop`.
process.on("SIGINT", () => {});

async function start(arm: Arm): Promise<ReadyServer> {
  try {
    if (arm.kind === "bare") {
      const bare = await openBareServer(arm.server);
      stopArm = async () => bare.close();
      return { port: bare.port, transport: arm.server === "uws" ? "uws" : "ws", durability: undefined };
    }
    const deployment = await startDeployment(arm.config, createLog(arm.config.logLevel));
    stopArm = () => deployment.stop();
    const { cluster, transport, durability } = deployment;
    return { port: cluster.port, transport, durability };
  } catch (cause) {
    throw cause instanceof Failure ? cause : new Failure("server_failed", messageOf(cause), "see the log");
  }
}

async function stop(): Promise<void> {
  await stopArm();
  process.exit(0);
}
