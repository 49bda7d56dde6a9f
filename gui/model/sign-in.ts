import { actionIn, actionOf } from "../keys/bindings.ts";
import { edited, oneLine } from "./editing-keys.ts";
import { editorOf, emptyEditor, insert } from "./editor.ts";
import type { Event } from "./event.ts";
import type { SignIn, SignInField, SignInState } from "./state.ts";
import { clamp, type Step, step } from "./step.ts";

/** The fields and buttons of the form: fewer for a profile of this machine than for an account that it does not know. */
export function fieldsOf({ chosen }: SignIn): readonly SignIn["field"][] {
  return chosen === undefined ? ["server", "user", "password", "logIn", "signUp"] : ["password", "logIn"];
}

export function beginSignIn(
  profiles: SignIn["profiles"],
  known: { readonly server: string; readonly user?: string | undefined; readonly profile?: string | undefined },
): SignIn {
  const named = profiles.findIndex(({ name }) => name === known.profile);
  const fits = profiles.findIndex(({ user }) => user === known.user);
  const isAnother = known.user !== undefined && fits < 0;
  const at = named >= 0 ? named : Math.max(0, fits);
  const chosen = profiles.length === 0 || isAnother ? undefined : at;
  return {
    kind: "signIn",
    profiles,
    chosen,
    fields: { server: editorOf(known.server), user: editorOf(known.user ?? ""), password: emptyEditor },
    field: chosen === undefined && known.user === undefined ? "user" : "password",
    busy: undefined,
    problem: undefined,
  };
}

export function updateSignIn(state: SignInState, event: Event): Step<SignInState> {
  const { scene } = state;
  switch (event.kind) {
    case "key":
      return scene.busy ? waiting(state, event.name) : pressed(state, event);
    case "paste":
      return step(withText(state, oneLine(event.text)));
    case "click":
      return event.on === "signIn" && !scene.busy ? clicked(state, event.row) : step(state);
    case "doing": {
      const busy = { doing: event.doing, sinceMs: scene.busy?.sinceMs ?? state.nowMs };
      return step(withSignIn(state, { busy, problem: undefined }));
    }
    case "signInFailed": {
      const fields = { ...scene.fields, password: emptyEditor };
      const { text, advice } = event;
      return step(withSignIn(state, { busy: undefined, problem: { text, advice }, field: "password", fields }));
    }
    default:
      return step(state);
  }
}

function withSignIn(state: SignInState, change: Partial<SignIn>): SignInState {
  return { ...state, scene: { ...state.scene, ...change } };
}

/** While signing in goes on, the user can only quit. */
function waiting(state: SignInState, key: string): Step<SignInState> {
  return actionIn(state.bindings, "everywhere", key) === "quit" ? step(state, { kind: "quit" }) : step(state);
}

function pressed(state: SignInState, { name, text }: Extract<Event, { kind: "key" }>): Step<SignInState> {
  const { scene, bindings } = state;
  const action = actionOf(bindings, "signIn", name);
  switch (action) {
    case "quit":
    case "suspend":
    case "redraw":
      return step(state, { kind: action });
    case "formNext":
      return step(moved(state, 1));
    case "formPrevious":
      return step(moved(state, -1));
    case "formOther":
      return step(otherProfile(state));
    case "formDone":
      return done(state);
    default: {
      const { field } = scene;
      if (field === "logIn" || field === "signUp") return name === "space" ? done(state) : step(state);
      const changed = edited(scene.fields[field], actionOf(bindings, "input", name));
      if (changed) return step(withSignIn(state, { fields: { ...scene.fields, [field]: changed } }));
      return step(text === undefined ? state : withText(state, oneLine(text)));
    }
  }
}

function withText(state: SignInState, text: string): SignInState {
  const { field, fields } = state.scene;
  if (field === "logIn" || field === "signUp") return state;
  return withSignIn(state, { fields: { ...fields, [field]: insert(fields[field], text) } });
}

function moved(state: SignInState, by: number): SignInState {
  const fields = fieldsOf(state.scene);
  const at = fields.indexOf(state.scene.field);
  return withSignIn(state, { field: fields[(at + by + fields.length) % fields.length] ?? state.scene.field });
}

/** Goes to the next profile; after the last comes the form for another account. */
function otherProfile(state: SignInState): SignInState {
  const { chosen, profiles } = state.scene;
  const next = chosen === undefined ? 0 : chosen + 1;
  const isForm = next >= profiles.length;
  return withSignIn(state, {
    chosen: isForm ? undefined : next,
    field: isForm ? "user" : "password",
    fields: { ...state.scene.fields, password: emptyEditor },
    problem: undefined,
  });
}

function clicked(state: SignInState, row: number): Step<SignInState> {
  const fields = fieldsOf(state.scene);
  const field = fields[clamp(row, fields.length)] ?? state.scene.field;
  const there = withSignIn(state, { field });
  return field === "logIn" || field === "signUp" ? done(there) : step(there);
}

function done(state: SignInState): Step<SignInState> {
  const { scene } = state;
  const { chosen, fields, field, profiles } = scene;
  const password = fields.password.text;
  const profile = profiles.find((_, at) => at === chosen);
  if (profile) {
    if (password === "") return lacking(state, "password", "The password is missing.");
    return step(busy(state, "opening the vault"), { kind: "openAccount", profile: profile.name, password });
  }
  if (field !== "logIn" && field !== "signUp") return step(moved(state, 1));
  const server = fields.server.text.trim();
  const user = fields.user.text.trim();
  if (server === "") return lacking(state, "server", "The server's address is missing.");
  if (user === "") return lacking(state, "user", "The user name is missing.");
  if (password === "") return lacking(state, "password", "The password is missing.");
  const doing = field === "logIn" ? "logging in" : "signing up";
  return step(busy(state, doing), { kind: field, server, user, password });
}

const busy = (state: SignInState, doing: string) =>
  withSignIn(state, { busy: { doing, sinceMs: state.nowMs }, problem: undefined });

function lacking(state: SignInState, field: SignInField, text: string): Step<SignInState> {
  return step(withSignIn(state, { field, problem: { text, advice: "Write it, then press Enter." } }));
}
