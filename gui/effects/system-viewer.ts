import { spawn } from "node:child_process";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { Viewer } from "./surroundings.ts";

/** Kinds of files that are looked at, and never run, by what the system opens them with. */
const shownKinds =
  /\.(apng|avif|bmp|gif|heic|jpe?g|png|tiff?|webp|aac|flac|m4a|mp3|oga|ogg|opus|wav|avi|m4v|mkv|mov|mp4|mpe?g|ogv|webm|pdf|epub|txt|md|csv|log|json|docx|xlsx|pptx|odt|ods|odp|rtf)$/i;

/** A file from somebody else is opened only if that cannot run it. */
export const isShown = (name: string): boolean => shownKinds.test(name);

const startMsMax = 1000;

const commands: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  // Not by way of a shell, which would read an address for commands.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * The system's own: xdg-open, open or what stands behind start. Fails when there is none, or it fails at once; what it shows
 * goes on by itself.
 */
export const systemViewer: Viewer = {
  open(fileOrUrl) {
    const [command = "", ...args] = commands[process.platform] ?? ["xdg-open"];
    return new Promise((resolve, reject) => {
      const failed = (why: string) =>
        reject(new Failure("viewer_failed", `nothing here opens it (${why})`, "save it, and open it by hand"));
      const child = spawn(command, [...args, fileOrUrl], { stdio: "ignore", detached: true });
      const timer = setTimeout(resolve, startMsMax);
      child.once("error", (cause) => {
        clearTimeout(timer);
        failed(messageOf(cause));
      });
      child.once("exit", (code) => {
        clearTimeout(timer);
        if (code === 0) resolve();
        else failed(`${command} ended with ${code}`);
      });
      child.unref();
    });
  },
};
