import { connect } from "node:tls";

/** The SHA-256 fingerprint of the certificate that new connections are shown at `host:port`, whoever has signed it. */
export function shownCertificate(target: string): Promise<string> {
  const { hostname: host, port } = new URL(`https://${target}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "none");
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
