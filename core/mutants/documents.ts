/** Where promises are made. */
export const documents = {
  protocol: "core/wire/PROTOCOL.md",
  security: "core/e2ee/SECURITY.md",
  readme: "README.md",
  server: "core/server/README.md",
  store: "core/store/README.md",
  cluster: "core/cluster/README.md",
  client: "core/client/README.md",
  loadgen: "loadgen/README.md",
  bench: "bench/README.md",
  commands: "bin/README.md",
  gui: "gui/README.md",
  platform: "core/platform/README.md",
  testRunner: "core/test-runner/README.md",
} as const;

/** A promise, by words of the sentence that makes it. */
export const promised = (by: keyof typeof documents, words: string) => ({ document: documents[by], words });
