import { z } from "zod";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import { expectEqual, expectThat } from "../expectation.ts";

const serverList = z.array(
  z.looseObject({
    server: z.string(),
    url: z.string(),
    load: z.looseObject({
      connections: z.number(),
      utilization: z.number(),
      lagMs: z.number(),
      draining: z.boolean(),
    }),
  }),
);

const about = z.looseObject({
  strategy: z.string(),
  transport: z.string(),
  durability: z.looseObject({ postgres: z.string(), synchronousCommit: z.string(), fsync: z.string() }),
});

async function jsonAt(context: CaseContext, path: string, schema: z.ZodType): Promise<void> {
  const { status, body } = await context.http(path);
  expectEqual(`status of /${path}`, status, 200);
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = undefined;
  }
  expectThat(schema.safeParse(value).success, `JSON of /${path} with the members of the document`, body.toString());
}

/** The status of the first answer to these bytes. */
async function statusOf(context: CaseContext, ...fields: readonly string[]) {
  const base = await context.serverBase();
  const head = [`GET ${base.pathname}healthz HTTP/1.1`, ...fields.map((field) => field.replace("{host}", base.host))];
  const { received, ended } = await context.exchangeBytes(base, `${head.join("\r\n")}\r\n\r\n`);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0), ended };
}

export const httpCases = casesOf("HTTP", {
  "/servers lists the servers with their loads": (context) => jsonAt(context, "servers", serverList),
  "/about says how the servers run": (context) => jsonAt(context, "about", about),
  "/healthz, /readyz and /metrics are answered": async (context) => {
    const base = await context.serverBase();
    for (const path of ["healthz", "readyz", "metrics"]) {
      expectEqual(`status of /${path}`, (await context.http(path, {}, base)).status, 200);
    }
    const { body } = await context.http("metrics", {}, base);
    expectThat(/^# TYPE \w+ \w+$/m.test(body.toString()), "/metrics in Prometheus' text format", body.toString());
  },
  "HEAD is answered wherever GET is": async (context) => {
    const base = await context.serverBase();
    for (const path of ["assign", "servers", "about", "healthz", "readyz", "metrics"]) {
      const { status, body } = await context.http(path, { method: "HEAD" }, base);
      expectEqual(`status and bytes of HEAD /${path}`, [status, body.length], [200, 0]);
    }
  },
  "other paths are answered 404": async (context) => {
    const base = await context.serverBase();
    for (const path of ["nowhere", "v2", "assign/now"]) {
      expectEqual(`status of /${path}`, (await context.http(path, {}, base)).status, 404);
    }
  },
  "other methods are answered 405, with those that are allowed": async (context) => {
    const base = await context.serverBase();
    for (const method of ["POST", "PUT", "DELETE"]) {
      const { status, headers, body } = await context.http("healthz", { method }, base);
      expectEqual(`status of ${method}`, status, 405);
      expectThat(/\bGET\b/.test(headers["allow"] ?? ""), "allow with GET", headers);
      expectThat(body.toString().startsWith("method_not_allowed"), "method_not_allowed", body.toString());
    }
  },
  "OPTIONS is answered 204, with the methods that are allowed": async (context) => {
    const { status, headers } = await context.http("healthz", { method: "OPTIONS" }, await context.serverBase());
    expectEqual("status", status, 204);
    expectThat(/\bGET\b/.test(headers["allow"] ?? ""), "allow with GET", headers);
  },
  "a request with lengths that disagree is refused, and the connection ends": async (context) => {
    const answer = await statusOf(context, "Host: {host}", "Content-Length: 1", "Content-Length: 2");
    expectEqual("status and end", answer, { status: 400, ended: true });
  },
  "a request with a length that is none is refused, and the connection ends": async (context) => {
    const answer = await statusOf(context, "Host: {host}", "Content-Length: 1x");
    expectEqual("status and end", answer, { status: 400, ended: true });
  },
  "a request with a length and a coding is refused, and the connection ends": async (context) => {
    const fields = ["Host: {host}", "Content-Length: 1", "Transfer-Encoding: chunked"];
    expectEqual("status and end", await statusOf(context, ...fields), { status: 400, ended: true });
  },
  "a request in another coding than chunked is refused, and the connection ends": async (context) => {
    const answer = await statusOf(context, "Host: {host}", "Transfer-Encoding: gzip, chunked");
    expectEqual("status and end", answer, { status: 400, ended: true });
  },
  "a request without one host that is a host is refused, and the connection ends": async (context) => {
    for (const hosts of [[], ["Host: {host}", "Host: {host}"], ["Host: a/b"], ["Host: a:1:2"]]) {
      const answer = await statusOf(context, ...hosts, "X-Any: 1");
      expectEqual(`status and end with ${hosts.join(", ") || "no host"}`, answer, { status: 400, ended: true });
    }
  },
});
