import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigSources, flagName, readConfig, setting, variableName } from "./config.ts";

const settings = {
  connectionsMax: setting.integer({ default: 10, min: 1, max: 100, unit: "sockets", help: "how many" }),
  share: setting.number({ default: 0.5, min: 0, max: 1, help: "a part" }),
  transport: setting.choice({ default: "fast", values: ["fast", "slow"], help: "which" }),
  database: setting.optionalText({ placeholder: "url", help: "where" }),
  loud: setting.switch({ help: "say more" }),
};

const read = (sources: Partial<ConfigSources>) => readConfig(settings, { flags: {}, environment: {}, ...sources });

function complaints(sources: Partial<ConfigSources>): string {
  const config = read(sources);
  assert.equal(config.ok, false);
  return config.ok ? "" : config.reason.join("\n");
}

test("a setting that nobody sets has its default", () => {
  const config = read({});
  assert.deepEqual(config, {
    ok: true,
    value: { connectionsMax: 10, share: 0.5, transport: "fast", database: undefined, loud: false },
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
  assert.doesNotMatch(complaints({ file: { zzzzzzzzzzzz: 1 } }), /did you mean/);
  assert.match(complaints({ file: JSON.parse('{"__proto__": 1}') }), /unknown key "__proto__"/);
  for (const file of [[], 5, "text"]) assert.match(complaints({ file }), /one JSON object/);
});

test("variables of other programs and of other makers are ignored", () => {
  const other = { rate: setting.number({ default: 1, min: 0, max: 9, help: "" }) };
  const environment = { FASTCHAT_RATE: "3", PATH: "/bin" };
  assert.equal(readConfig(settings, { flags: {}, environment }, [other]).ok, true);
  assert.equal(read({ environment }).ok, false);
});

test("a setting has one name in three spellings", () => {
  assert.equal(flagName("connectionsMax"), "--connections-max");
  assert.equal(variableName("connectionsMax"), "FASTCHAT_CONNECTIONS_MAX");
});
