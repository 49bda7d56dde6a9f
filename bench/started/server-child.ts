import { startDeployment } from "../../core/cluster/deployment.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { createLog } from "../../core/platform/log.ts";
import type { Arm, ChildOrder, ChildReport } from "./arm.ts";
import { openBareServer } from "./bare-server.ts";

/** The process under test: one arm, started fresh for each measurement, ended with whoever started it. */
const report = (message: ChildReport): void => {
  process.send?.(message);
};
let stopArm = async () => {};

process.on("message", (order: ChildOrder) => {
  switch (order.kind) {
    case "start":
      return void start(order.arm);
    case "usage": {
      const { user, system } = process.cpuUsage();
      const residentBytes = process.memoryUsage.rss();
      return report({ kind: "usage", cpuSeconds: (user + system) / 1e6, residentBytes });
    }
    case "stop":
      return void stop();
    default:
      order satisfies never;
  }
});
process.on("disconnect", () => void stop());
// Ctrl-C reaches the whole foreground group; the bench says when to stop.
process.on("SIGINT", () => {});

async function start(arm: Arm): Promise<void> {
  try {
    if (arm.kind === "bare") {
      const bare = await openBareServer(arm.server);
      stopArm = async () => bare.close();
      const transport = arm.server === "uws" ? "uws" : "ws";
      report({ kind: "ready", port: bare.port, transport, durability: undefined });
      return;
    }
    const deployment = await startDeployment(arm.config, createLog(arm.config.logLevel));
    stopArm = () => deployment.stop();
    const { cluster, transport, durability } = deployment;
    report({ kind: "ready", port: cluster.port, transport, durability });
  } catch (cause) {
    const failure = cause instanceof Failure ? cause : new Failure("server_failed", messageOf(cause), "see the log");
    report({ kind: "failed", code: failure.code, message: failure.message, advice: failure.advice });
    process.disconnect();
  }
}

async function stop(): Promise<void> {
  await stopArm();
  process.exit(0);
}
