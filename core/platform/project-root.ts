import { fileURLToPath } from "node:url";

/** Where package.json lies: this file is `dist/core/platform/project-root.js` when it runs. */
export const projectRoot = fileURLToPath(new URL("../../../", import.meta.url));
