import assert from "node:assert/strict";
import { test } from "node:test";
import { benchmarks } from "../bench/benchmarks.ts";
import { endOfCommand } from "./testing/command-here.ts";

test("every command explains itself, with examples", async () => {
  for (const command of [
    ["serve"],
    ["load"],
    ...benchmarks.map(({ name }) => ["bench", ...name.split(" ").slice(0, 1)]),
    ["db", "migrate"],
    ["db", "seed"],
    ["account", "sign-up"],
    ["account", "log-in"],
    ["account", "password"],
    ["account", "list"],
    ["trust", "list"],
    ["trust", "show"],
    ["trust", "verify"],
    ["trust", "accept"],
    ["identity", "export"],
    ["identity", "import"],
    ["send"],
    ["tail"],
    ["groups"],
    ["conform"],
  ]) {
    const { code, out, err } = await endOfCommand([...command, "--help"]);
    assert.equal(code, 0, err);
    assert.match(out, /Examples:\n {2}(uptime \| )?fastchat /, command.join(" "));
  }
  const { code, out } = await endOfCommand(["--help"]);
  assert.equal(code, 0);
  for (const command of ["serve", "load", "bench", "db", "account", "trust", "identity"])
    assert.ok(out.includes(command));
});

test("a command line that cannot be understood ends with 2 and says what to write", async () => {
  for (const [args, complaint] of [
    [["sing"], /unknown command 'sing'/],
    [["serve", "--prot", "1"], /unknown option '--prot'/],
    [["serve", "--port", "high"], /--port is "high"; write a whole number from 0 to 65000/],
    [["serve", "--strategy", "fastest"], /one of round-robin, random/],
    [["serve", "--config", "missing.json"], /missing\.json/],
    [["bench", "quick", "--seconds", "-1"], /a number above 0/],
    [
      ["bench", "quick", "--servers", "1,65"],
      /"65" is not allowed.* such as 1,2,8: each is a whole number from 1 to 64/,
    ],
    [["bench", "quick", "--servers", "1,", "2"], /an item is empty/],
    [["bench", "quick", "--servers", "2,2"], /"2" is there twice/],
    [["bench", "quick", "--strategies", "fastest"], /"fastest" is not allowed.* each is one of round-robin, random,/],
    [["bench", "quick", "--strategies", "random, two-choices"], /" two-choices" has a space in it/],
    [["bench", "quick", "--rate", "0"], /a number above 0/],
    [["bench", "quick", "--clients", "1.5"], /a whole number from 1/],
    [["bench", "quick", "--transport", "pigeon"], /Allowed choices are uws, ws/],
    [["bench", "micro", "weather"], /Allowed choices are crypto/],
    [["bench", "micro"], /missing required argument 'topic'/],
    [["bench", "micro", "crypto", "--rounds", "1.5"], /a whole number from 1/],
    [["db", "seed", "--users", "none"], /a whole number from 1/],
    [["db", "seed", "--prefix", "Ä "], /--prefix/],
  ] as const) {
    const { code, out, err } = await endOfCommand(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, complaint);
    assert.equal(out, "");
  }
});
