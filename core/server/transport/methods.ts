import { httpErrorCodes } from "../../wire/errors.ts";
import { type HttpRequest, plainText } from "./transport.ts";

/**
 * Whether a resource with these methods is to carry this request out. It answers the other requests: OPTIONS (RFC 9110 section
 * 9.3.7), and 405 for a method that the resource lacks (section 15.5.6).
 *
 * A resource with GET has HEAD, too: a route treats it like GET, and the transport leaves the body out.
 */
export function hasMethod(request: HttpRequest, methods: readonly ("GET" | "PUT" | "DELETE")[]): boolean {
  const all = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  if (all.includes(request.method)) return true;
  const allow = [...all, "OPTIONS"].join(", ");
  if (request.method === "OPTIONS") request.respond(204, { allow }, "");
  else {
    const headers = { ...plainText, allow };
    request.respond(httpErrorCodes.method_not_allowed.status, headers, `method_not_allowed: there are ${allow}\n`);
  }
  return false;
}

/**
 * Answers a request about the server as a whole: `OPTIONS *`, and `OPTIONS /`, which is HAProxy's health check by default.
 * Answers false for any other request.
 */
export function answeredForServer(request: HttpRequest): boolean {
  if (request.method !== "OPTIONS" || (request.path !== "*" && request.path !== "/")) return false;
  request.respond(204, { allow: "GET, HEAD, PUT, DELETE, OPTIONS" }, "");
  return true;
}
