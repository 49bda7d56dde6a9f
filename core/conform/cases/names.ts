import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import type { ErrorFrame } from "../conform-socket.ts";
import { expectEqual, expectThat } from "../expectation.ts";
import { freshName, freshPassword, logIn, signUpRecord } from "../people.ts";

const registrationRequest = async () => (await import("../../e2ee/opaque-client.ts")).startRegistration("password");

/** Whichever of the two requests of a sign-up is refused: the document does not say at which a name is looked at. */
async function refusalOfSignUp(context: CaseContext, name: string): Promise<ErrorFrame | undefined> {
  const socket = await context.open();
  const { message } = await registrationRequest();
  const started = await socket.ask({ kind: "signUpStart", name, message });
  if (started.kind === "error") return started;
  const identity = context.identityOf(name).public.bytes;
  const { record } = await signUpRecord(socket, name, freshPassword());
  const finished = await socket.ask({ kind: "signUpFinish", name, record, identity });
  return finished.kind === "error" ? finished : undefined;
}

async function isInvalid(context: CaseContext, name: string): Promise<void> {
  const refusal = await refusalOfSignUp(context, name);
  expectEqual(`refusal of the name ${JSON.stringify(name)}`, refusal?.code, "name_invalid");
}

/** A name of exactly so many characters that nobody has. */
const nameOf = (characters: number) => freshName().padEnd(characters, "x");

export const nameCases = casesOf("Names", {
  "a name is compared in its normal form": async (context) => {
    const { name, password, id } = await context.signUp();
    const wide = name.replaceAll("c", "\uff23");
    for (const typed of [name.toUpperCase(), wide]) {
      const refusal = await refusalOfSignUp(context, typed);
      expectEqual(`sign-up as ${typed}`, refusal?.code, "name_taken");
      const { welcome } = await logIn(await context.open(), typed, password);
      expectEqual(`the user who logs in as ${typed}`, [welcome.user, welcome.name], [id, name]);
    }
  },
  "welcome and findUsers have the normal form": async (context) => {
    const typed = `CONFORM-Stra\u00dfe-${freshName().slice(8)}`;
    const user = await context.signUp({ name: typed });
    const normal = typed.toLowerCase().replace("\u00df", "ss");
    expectEqual("name of welcome", user.welcome.name, normal);
    const { users } = await user.socket.granted({ kind: "findUsers", names: [typed, normal] });
    expectEqual(
      "names found",
      users.map((of) => of?.name),
      [normal, normal],
    );
  },
  "a sigma at the end of a word has its own form": async (context) => {
    const typed = `\u03a3${freshName().slice(8)}.\u0391\u03a3`;
    const user = await context.signUp({ name: typed });
    const normal = `\u03c3${typed.slice(1, -2)}\u03b1\u03c2`;
    expectEqual("name of welcome", user.welcome.name, normal);
  },
  "a name has at most 32 characters in normal form": async (context) => {
    const longest = nameOf(32);
    const user = await context.signUp({ name: longest });
    expectEqual("name of welcome", user.welcome.name, longest);
    await isInvalid(context, nameOf(33));
    await isInvalid(context, `${nameOf(31)}\u00df`);
  },
  "a name of 128 UTF-16 units is read, one of 129 is malformed": async (context) => {
    await isInvalid(context, "x".repeat(128));
    const socket = await context.open();
    const { message } = await registrationRequest();
    await socket.refused({ kind: "signUpStart", name: "x".repeat(129), message }, "malformed_frame");
  },
  "a name begins with a letter or a number": async (context) => {
    for (const first of ["", ".", "_", "-", "\u0301"]) await isInvalid(context, first === "" ? "" : `${first}abc`);
  },
  "a name has letters, numbers, marks, and . _ - only": async (context) => {
    const user = await context.signUp({ name: `\u0e01\u0e33.${freshName().slice(8)}_\u0661-\u00e9` });
    expectThat(user.id > 0, "a user with a name of several scripts", user.welcome);
    for (const character of [" ", "@", "/", "\u0000", "\u200d", "\u{1f600}", "\u202e"]) {
      await isInvalid(context, `abc${character}def`);
    }
  },
  "letters that are newer than Unicode 14 are refused": async (context) => {
    // Nag Mundari and Kawi came with Unicode 15, Garay with 16.
    for (const letter of ["\u{1e4d0}", "\u{11f04}", "\u{10d50}"]) await isInvalid(context, `abc${letter}`);
  },
});
