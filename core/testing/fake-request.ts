import type { HttpHeaders, HttpRequest } from "../server/transport/transport.ts";

/** An answer to a {@link FakeRequest}. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

/** An HTTP request without a connection, for tests of routes: it keeps how it was answered. */
export class FakeRequest implements HttpRequest {
  readonly answers: FakeAnswer[] = [];
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  remoteAddress = "192.0.2.1";
  readonly #headers: HttpHeaders;

  /** `target` is the path with its query; the names of `headers` are in lower case. */
  constructor(method: string, target: string, headers: HttpHeaders = {}) {
    const { pathname, searchParams } = new URL(target, "http://host.invalid");
    this.method = method;
    this.path = pathname;
    this.query = searchParams;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    return this.#headers[name];
  }

  body(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(0));
  }

  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void {
    this.answers.push({ status, headers, body: Buffer.from(body).toString() });
  }

  stream(): Promise<void> {
    throw new Error("this request takes no answer in pieces");
  }
}
