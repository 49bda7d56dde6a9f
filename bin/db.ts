import type { Command } from "commander";
import { assertSeedWritable, seedUsers, writeSeededAccounts } from "../bench/started/seed.ts";
import { prepareDatabase } from "../core/cluster/deployment.ts";
import { serveSettings } from "../core/cluster/serve-settings.ts";
import { createLog } from "../core/platform/log.ts";
import { canonicalUserName } from "../core/wire/user-name.ts";
import { addSettings, print, run, settingsOf, UsageError, whole } from "./program.ts";

const { database, dataDir, secretFile, logLevel } = serveSettings;
const databaseSettings = { database, dataDir, secretFile, logLevel };

export function addDb(program: Command): void {
  const db = program.command("db").description("Look after the database.");

  const migrateCommand = db
    .command("migrate")
    .description("Bring the database to the newest step; servers do so themselves when they start.")
    .addHelpText(
      "after",
      "\nExamples:\n  fastchat db migrate\n  fastchat db migrate --database postgres://chat:secret@db.example/chat",
    );
  addSettings(migrateCommand, databaseSettings).action((options) =>
    run(async (signal) => {
      const config = settingsOf(databaseSettings, options);
      const prepared = await prepareDatabase(config, createLog(config.logLevel), signal);
      for (const step of prepared.migrated) print(`applied ${step}`);
      if (prepared.migrated.length === 0) print("up to date");
      await prepared.stop();
      return 0;
    }),
  );

  const seedCommand = db
    .command("seed")
    .description("Put simulated users into the database, for fastchat load --accounts.")
    .option("--users <n>", "how many", whole, 1000)
    .option("--prefix <name>", "their names are this and a number", "seed-")
    .option("--password <text>", "of all of them", "simulated")
    .option("--key-pairs <n>", "key pairs that they share", whole, 4)
    .option("--out <file>", "what the load generator needs to log them in", "seed.json")
    .addHelpText(
      "after",
      "\nExamples:\n  fastchat db seed --users 100000\n  fastchat db seed --users 500 --prefix crowd- --out crowd.json",
    );
  addSettings(seedCommand, databaseSettings).action(({ users, prefix, password, keyPairs, out, ...options }) =>
    run(async (signal) => {
      const config = settingsOf(databaseSettings, options);
      const named = canonicalUserName(`${prefix}${users}`);
      if (!named.ok || named.value !== `${prefix}${users}`)
        throw new UsageError(`--prefix ${prefix}: ${named.ok ? "write it in lower case" : named.reason}`);
      assertSeedWritable(out);
      const prepared = await prepareDatabase(config, createLog(config.logLevel), signal);
      try {
        const { url: databaseUrl, secret } = prepared;
        const seeded = await seedUsers({ databaseUrl, secret, users, namePrefix: prefix, password, keyPairs, signal });
        writeSeededAccounts(out, seeded);
        print(`${users} users, ${prefix}0 to ${prefix}${users - 1}; their keys are in ${out}`);
        return 0;
      } finally {
        await prepared.stop();
      }
    }),
  );
}
