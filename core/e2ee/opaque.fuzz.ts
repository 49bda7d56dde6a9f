import { accepted } from "../platform/parsed.ts";
import { bytesOf, fixture } from "../testing/fuzz/fixture.ts";
import type { FuzzTarget } from "../testing/fuzz/target.ts";
import { limits } from "../wire/limits.ts";
import { finishLogin, finishRegistration } from "./opaque-client.ts";
import { opaqueServer } from "./opaque-server.ts";

const { opaque } = fixture();
const server = await opaqueServer(opaque.secret);
const record = bytesOf(opaque.record);
const { password, registrationState, loginState, serverState } = opaque;
const others = [opaque.loginFinish, opaque.record, opaque.registrationResponse].map(bytesOf);

/** Each step of a registration and of a login, with the other side's message as the fuzzer made it. */
const target = (name: string, genuine: string, run: FuzzTarget["run"]): FuzzTarget => ({
  name: `opaque-${name}`,
  bytesMax: limits.registrationRecordBytesMax,
  seeds: () => [bytesOf(genuine), ...others],
  run,
});

export const targets: readonly FuzzTarget[] = [
  target("registration-requests", opaque.registrationRequest, (bytes) => server.registrationResponse("alice", bytes)),
  target("login-requests", opaque.loginRequest, (bytes) => server.startLogin("alice", record, bytes)),
  // What somebody registered with is kept as it came, and read when they log in.
  target("records", opaque.record, (bytes) => server.startLogin("alice", bytes, bytesOf(opaque.loginRequest))),
  target("login-finishes", opaque.loginFinish, (bytes) => server.finishLogin(serverState, bytes)),
  target("registration-responses", opaque.registrationResponse, async (bytes) => {
    const finished = await finishRegistration(password, registrationState, bytes, "simulated");
    return finished.ok ? accepted("registered") : finished;
  }),
  target("login-responses", opaque.loginResponse, async (bytes) => {
    const finished = await finishLogin(password, loginState, bytes, "simulated");
    return finished.ok ? accepted("logged in") : finished;
  }),
];
