import { bytesOf, fixture } from "../fuzz/fixture.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { accepted } from "../platform/result.ts";
import { opaqueBytes } from "../wire/opaque-bytes.ts";
import { finishLogin, finishRegistration } from "./opaque-client.ts";
import { opaqueServer } from "./opaque-server.ts";

const { opaque } = fixture();
const server = await opaqueServer(opaque.secret);
const record = bytesOf(opaque.record);
const { password, registrationState, loginState, serverState } = opaque;
const others = [opaque.loginFinish, opaque.record, opaque.registrationResponse].map(bytesOf);

/** Each step of a registration and of a login, with the other side's message as the fuzzer made it. */
const target = (name: string, length: number, genuine: string, step: FuzzTarget["run"]): FuzzTarget => ({
  name: `opaque-${name}`,
  bytesMax: 2 * opaqueBytes.ke2,
  seeds: () => [bytesOf(genuine), ...others],
  run: async (bytes) => {
    const taken = await step(bytes);
    if (taken.ok && bytes.length !== length) throw new Error(`${bytes.length} bytes are taken, not ${length}`);
    return taken;
  },
});

export const targets: readonly FuzzTarget[] = [
  target("registration-requests", opaqueBytes.registrationRequest, opaque.registrationRequest, (bytes) =>
    server.registrationResponse("alice", bytes),
  ),
  target("login-requests", opaqueBytes.ke1, opaque.loginRequest, (bytes) => server.startLogin("alice", record, bytes)),
  target("records", opaqueBytes.registrationRecord, opaque.record, async (bytes) => {
    const checked = await server.checkRecord(bytes);
    if (!checked.ok) return checked;
    const login = await server.startLogin("alice", bytes, bytesOf(opaque.loginRequest));
    if (!login.ok) throw new Error("a record was taken that no login can begin with");
    return login;
  }),
  target("login-finishes", opaqueBytes.ke3, opaque.loginFinish, (bytes) => server.finishLogin(serverState, bytes)),
  target("registration-responses", opaqueBytes.registrationResponse, opaque.registrationResponse, async (bytes) => {
    const finished = await finishRegistration(password, registrationState, bytes, "simulated");
    return finished.ok ? accepted("registered") : finished;
  }),
  target("login-responses", opaqueBytes.ke2, opaque.loginResponse, async (bytes) => {
    const finished = await finishLogin(password, loginState, bytes, "simulated");
    return finished.ok ? accepted("logged in") : finished;
  }),
];
