import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { freePort } from "../platform/free-port.ts";
import type { TlsFiles } from "../server/transport/transport.ts";
import { until } from "./until.ts";

export const proxyNames = ["nginx", "haproxy"] as const;
export type ProxyName = (typeof proxyNames)[number];

/** What a proxy does with requests below a path. */
export interface ProxyRoute {
  /** Such as `/fastchat`. */
  readonly prefix: string;
  /** Whether the servers get the path without the prefix. */
  readonly strips: boolean;
  /** Ports on loopback, in turn; the same one for a client if it is sticky. */
  readonly ports: readonly number[];
  readonly isSticky?: boolean;
  /** Whether it says, in `X-Forwarded-…` headers, that it is https://chat.example:8443/from/outside. */
  readonly forwards?: boolean;
}

const forwarded = [
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "chat.example:8443"],
  ["X-Forwarded-Prefix", "/from/outside"],
] as const;

const scratch = mkdtempSync(path.join(tmpdir(), "proxies-"));
const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});

/** Whether this machine has the proxy. */
export const hasProxy = (name: ProxyName) => spawnSync(name, ["-v"], { stdio: "ignore" }).error === undefined;

/** Starts a proxy on loopback at which TLS ends; answers its port. The longest prefixes are to come first. */
export async function startProxy(
  name: ProxyName,
  tls: TlsFiles,
  routes: readonly ProxyRoute[],
  at?: number,
): Promise<number> {
  const port = at ?? (await freePort());
  const place = mkdtempSync(path.join(scratch, `${name}-`));
  const file = path.join(place, "configuration");
  if (name === "haproxy") {
    const both = path.join(place, "both.pem");
    writeFileSync(both, readFileSync(tls.certFile, "utf8") + readFileSync(tls.keyFile, "utf8"), { mode: 0o600 });
    writeFileSync(file, haproxyConfiguration(port, both, routes));
  } else writeFileSync(file, nginxConfiguration(port, tls, place, routes));
  const child = spawn(name, name === "nginx" ? ["-c", file, "-e", path.join(place, "log")] : ["-db", "-f", file]);
  running.push(child);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = () => child.exitCode !== null;
  await until(async () => ended() || (await answers(port)), `${name} listens`);
  if (ended()) throw new Error(`${name} has ended: ${said}`);
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function nginxConfiguration(
  port: number,
  { certFile, keyFile }: TlsFiles,
  place: string,
  routes: readonly ProxyRoute[],
) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off; master_process off; pid ${place}/pid; error_log ${place}/log;
events {}
http {
  access_log off;
  ${temporary.map((of) => `${of}_temp_path ${place}/${of};`).join(" ")}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
${routes
  .map(
    ({ ports, isSticky }, i) => `  upstream servers${i} {
    ${isSticky ? "ip_hash;" : ""} ${ports.map((of) => `server 127.0.0.1:${of};`).join(" ")}
  }`,
  )
  .join("\n")}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
${routes
  .map(
    ({ prefix, strips, forwards }, i) => `    location ${prefix}/ {
      proxy_pass http://servers${i}${strips ? "/" : ""};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
${forwards ? forwarded.map(([name, value]) => `      proxy_set_header ${name} ${value};`).join("\n") : ""}
    }`,
  )
  .join("\n")}
  }
}
`;
}

function haproxyConfiguration(port: number, certificate: string, routes: readonly ProxyRoute[]) {
  return `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port} ssl crt ${certificate}
${routes.map(({ prefix }, i) => `  use_backend servers${i} if { path_beg ${prefix}/ }`).join("\n")}
${routes
  .map(
    ({ prefix, strips, ports, isSticky, forwards }, i) => `backend servers${i}
${forwards ? forwarded.map(([name, value]) => `  http-request set-header ${name} ${value}\n`).join("") : ""}  balance ${isSticky ? "source" : "roundrobin"}
${strips ? `  http-request replace-path ${prefix}/(.*) /\\1\n` : ""}${ports.map((of) => `  server s${of} 127.0.0.1:${of}`).join("\n")}
`,
  )
  .join("")}`;
}
