import type { ConformCase } from "../conform-case.ts";
import { attachmentCases } from "./attachments.ts";
import { changeCases, logCases, receivedCases } from "./changes.ts";
import { connectingCases } from "./connecting.ts";
import { followingCases } from "./following.ts";
import { clientFrameCases, frameCases } from "./frames.ts";
import { groupCases } from "./groups.ts";
import { httpCases } from "./http.ts";
import { identityCases } from "./identities.ts";
import { nameCases } from "./names.ts";
import { requestCases } from "./requests.ts";
import { ackCases, deliverCases, sendCases } from "./sending.ts";
import { sessionCases } from "./sessions.ts";
import { accountSecretCases, signUpCases } from "./signing-up.ts";

/** Every case, section by section as PROTOCOL.md has them. A new file of cases needs its line here. */
export const allCases: readonly ConformCase[] = [
  ...connectingCases,
  ...frameCases,
  ...sendCases,
  ...ackCases,
  ...deliverCases,
  ...clientFrameCases,
  ...requestCases,
  ...nameCases,
  ...signUpCases,
  ...sessionCases,
  ...accountSecretCases,
  ...identityCases,
  ...groupCases,
  ...changeCases,
  ...receivedCases,
  ...logCases,
  ...followingCases,
  ...attachmentCases,
  ...httpCases,
];
