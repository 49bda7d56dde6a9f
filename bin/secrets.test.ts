import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { readNewSecret, readSecret } from "./secrets.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "secrets-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

function fileWith(text: string): string {
  const file = path.join(scratch, "secret");
  writeFileSync(file, text);
  return file;
}

test("a password from a file is its first line as it is, however lines end", async () => {
  for (const text of [" a pass word ", " a pass word \n", " a pass word \r\nmore\r\n", " a pass word \n\n"]) {
    for (const read of [readSecret, readNewSecret]) {
      assert.equal(await read("password", fileWith(text)), " a pass word ", JSON.stringify(text));
    }
  }
});

test("an empty password is refused, and so is a file that cannot be read", async () => {
  for (const text of ["", "\n", "\r\nsecond line\n"]) {
    await assert.rejects(readSecret("password", fileWith(text)), { code: "password_needed" });
    await assert.rejects(readNewSecret("password", fileWith(text)), { code: "password_needed" });
  }
  await assert.rejects(readSecret("password", path.join(scratch, "nowhere")), { code: "password_unreadable" });
});
