import assert from "node:assert/strict";
import { test } from "node:test";
import { withSection } from "./written-section.ts";

const section = { begin: "<!-- begin -->", end: "<!-- end -->" };

test("what stands between the two comments is replaced, and nothing else", () => {
  const text = "before\n<!-- begin -->\nold\n<!-- end -->\nafter\n";
  const expected = "before\n<!-- begin -->\nnew\n<!-- end -->\nafter\n";
  assert.equal(withSection("README.md", text, section, "new\n"), expected);
  assert.equal(withSection("README.md", expected, section, "new\n"), expected);
  assert.equal(withSection("README.md", "<!-- begin --><!-- end -->", section, ""), "<!-- begin -->\n<!-- end -->");
});

test("a document that lacks one of the comments, or has them the wrong way round, is named", () => {
  for (const text of ["", "<!-- begin -->", "<!-- end -->", "<!-- end --><!-- begin -->"]) {
    assert.throws(() => withSection("README.md", text, section, "new\n"), {
      message: "README.md does not have the comments <!-- begin --> … <!-- end -->",
    });
  }
});
