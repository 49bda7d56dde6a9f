import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigSources, flagName, readConfig, setting, variableName } from "./config.ts";
import { valueOf } from "./result.ts";

const newSettings = () => ({
  connectionsMax: setting.integer({ default: 10, min: 1, max: 100, unit: "sockets", help: "how many" }),
  share: setting.number({ default: 0.5, min: 0, max: 1, help: "a part" }),
  transport: setting.choice({ default: "fast", values: ["fast", "slow"], help: "which" }),
  database: setting.optionalText({ placeholder: "url", help: "where" }),
  loud: setting.switch({ help: "say more" }),
  host: setting.text({ default: "here", placeholder: "address", help: "on which address" }),
});

const read = (sources: Partial<ConfigSources>) => readConfig(newSettings(), { flags: {}, environment: {}, ...sources });

function complaints(sources: Partial<ConfigSources>): string {
  const config = read(sources);
  assert.equal(config.ok, false);
  return config.ok ? "" : config.reason.join("\n");
}

test("a setting that nobody sets has its default", () => {
  const config = read({});
  assert.deepEqual(config, {
    ok: true,
    value: { connectionsMax: 10, share: 0.5, transport: "fast", database: undefined, loud: false, host: "here" },
  });
});

test("a flag goes before a variable, a variable before the file", () => {
  const environment = { FASTCHAT_CONNECTIONS_MAX: "20", FASTCHAT_SHARE: "0.2" };
  const file = { connectionsMax: 30, share: 0.3, transport: "slow" };
  const config = read({ flags: { connectionsMax: "40" }, environment, file });
  assert.ok(config.ok);
  const { connectionsMax, share, transport } = config.value;
  assert.deepEqual([connectionsMax, share, transport], [40, 0.2, "slow"]);
});

test("a value out of range is refused with where it stands and what to write", () => {
  for (const value of ["0", "101", "1.5", "many", "", "1e9", "NaN"]) {
    const complaint = complaints({ flags: { connectionsMax: value } });
    assert.match(complaint, /--connections-max is .* write a whole number from 1 to 100 \(sockets\)/, value);
  }
  assert.match(
    complaints({ environment: { FASTCHAT_TRANSPORT: "medium" } }),
    /FASTCHAT_TRANSPORT .* one of fast, slow/,
  );
  assert.match(complaints({ file: { loud: "perhaps" } }), /"loud" in the settings file .* true or false/);
  assert.match(complaints({ flags: { database: "" } }), /not empty/);
});

test("a refused value is shown in few words, whatever a file has there", () => {
  for (const [value, shown] of [
    [[5], "a list"],
    [{ a: 1 }, "an object"],
    [null, "null"],
    [true, "true"],
    ["5 ", '"5 "'],
    ["x".repeat(1000), `"${"x".repeat(499)}…`],
  ] as const) {
    assert.equal(
      complaints({ file: { connectionsMax: value } }),
      `"connectionsMax" in the settings file is ${shown}; write a whole number from 1 to 100 (sockets)`,
    );
  }
  assert.equal(complaints({ flags: { share: () => 1 } }), "--share is nothing; write a number from 0 to 1");
  assert.equal(complaints({ file: { host: 5 } }), '"host" in the settings file is 5; write a text');
});

test("both bounds of a number are allowed, in digits and as a number", () => {
  for (const value of [1, "1", 100, "100"]) {
    assert.equal(valueOf(read({ file: { connectionsMax: value } })).connectionsMax, Number(value));
  }
  for (const value of [0, 101, 1.5]) assert.match(complaints({ file: { connectionsMax: value } }), /from 1 to 100/);
});

test("a switch is on or off, in words, in digits and as a value of JSON, and nothing else", () => {
  for (const [value, isOn] of [
    ["true", true],
    ["1", true],
    [true, true],
    ["false", false],
    ["0", false],
    [false, false],
  ] as const) {
    assert.equal(valueOf(read({ flags: { loud: value } })).loud, isOn, String(value));
  }
  for (const value of ["TRUE", "yes", "on", "no", "", 1, 0]) {
    assert.match(complaints({ flags: { loud: value } }), /--loud is .*; write true or false$/);
  }
});

test("the help of a setting says its unit or its choices, and how its value is called", () => {
  const { connectionsMax, share, transport, host, database } = newSettings();
  assert.equal(connectionsMax.help, "how many (sockets)");
  assert.equal(share.help, "a part");
  assert.equal(transport.help, "which (fast, slow)");
  assert.deepEqual(
    [connectionsMax, share, transport, host, database].map(({ placeholder }) => placeholder),
    ["n", "n", "name", "address", "url"],
  );
  assert.equal("placeholder" in newSettings().loud, false);
});

test("one refusal has all complaints", () => {
  const text = complaints({ flags: { share: "2" }, environment: { FASTCHAT_TRANSPORT: "x" }, file: { colour: 1 } });
  assert.equal(text.split("\n").length, 3);
});

test("an unknown key or variable is refused, with the setting that was probably meant", () => {
  assert.match(
    complaints({ file: { conectionsMax: 5 } }),
    /unknown key "conectionsMax"; did you mean connectionsMax\?/,
  );
  assert.match(complaints({ environment: { FASTCHAT_TRANSPROT: "fast" } }), /did you mean FASTCHAT_TRANSPORT\?/);
  // Up to two letters in a short name, and a third of a long one, may be wrong.
  for (const [key, meant] of [
    ["shore", "share"],
    ["Share", "share"],
    ["store", "share"],
    ["hare", "share"],
    ["sha", "share"],
    ["shares", "share"],
    ["spoke", undefined],
    ["stores", undefined],
    ["connections", "connectionsMax"],
    ["connectsMax", "connectionsMax"],
    ["connXXonsMax", "connectionsMax"],
    ["connXXXXonsMax", "connectionsMax"],
    ["connXXXXXnsMax", undefined],
    ["transportTTT", "transport"],
    ["lo", "loud"],
    ["zzzzzzzzzzzz", undefined],
  ] as const) {
    assert.equal(
      complaints({ file: { [key]: 1 } }),
      `the settings file has an unknown key "${key}"${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    );
  }
  const url = setting.text({ default: "", placeholder: "url", help: "" });
  assert.deepEqual(readConfig({ url }, { flags: {}, environment: {}, file: { l: 1 } }), {
    ok: false,
    reason: ['the settings file has an unknown key "l"; did you mean url?'],
  });
  assert.deepEqual(readConfig({}, { flags: {}, environment: { FASTCHAT_0: "1" }, file: { l: 1 } }), {
    ok: false,
    reason: ['the settings file has an unknown key "l"', "FASTCHAT_0 is no setting"],
  });
  assert.match(complaints({ file: JSON.parse('{"__proto__": 1}') }), /unknown key "__proto__"/);
  for (const file of [[], 5, "text", true, null]) assert.match(complaints({ file }), /one JSON object/);
});

test("variables of other programs and of other makers are ignored", () => {
  const other = { rate: setting.number({ default: 1, min: 0, max: 9, help: "" }) };
  const environment = { FASTCHAT_RATE: "3", PATH: "/bin" };
  assert.equal(readConfig(newSettings(), { flags: {}, environment }, [other]).ok, true);
  assert.equal(read({ environment }).ok, false);
});

test("a setting has one name in three spellings", () => {
  assert.equal(flagName("connectionsMax"), "--connections-max");
  assert.equal(variableName("connectionsMax"), "FASTCHAT_CONNECTIONS_MAX");
});
