import { spawn } from "node:child_process";
import type { Clock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { Viewer } from "./surroundings.ts";

/** Kinds of files that programs show and do not run. */
const shownKinds =
  /\.(apng|avif|bmp|gif|heic|jpe?g|png|tiff?|webp|aac|flac|m4a|mp3|oga|ogg|opus|wav|avi|m4v|mkv|mov|mp4|mpe?g|ogv|webm|pdf|epub|txt|md|csv|log|json|docx|xlsx|pptx|odt|ods|odp|rtf)$/i;

/** Whether a file from somebody else may be opened: opening it must not run it. */
export const isShown = (name: string): boolean => shownKinds.test(name);

const startMsMax = 1000;

const commands: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  // Not through a shell, which would take parts of an address for commands.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * The system's viewer: xdg-open, open, or rundll32 on Windows. Fails when there is none, or when it ends with an error within a
 * second; a viewer that runs longer is left alone.
 */
export const systemViewer = (clock: Clock): Viewer => ({
  open(fileOrUrl) {
    const [command = "", ...args] = commands[process.platform] ?? ["xdg-open"];
    return new Promise((resolve, reject) => {
      const failed = (why: string) =>
        reject(new Failure("viewer_failed", `nothing here opens it (${why})`, "save it, and open it by hand"));
      const child = spawn(command, [...args, fileOrUrl], { stdio: "ignore", detached: true });
      const cancel = clock.after(startMsMax, resolve);
      child.once("error", (cause) => {
        cancel();
        failed(messageOf(cause));
      });
      child.once("exit", (code) => {
        cancel();
        if (code === 0) resolve();
        else failed(`${command} ended with ${code}`);
      });
      child.unref();
    });
  },
});
