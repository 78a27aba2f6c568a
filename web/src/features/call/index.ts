/** The lazily loaded part of a lesson: the media session and the screens of the call. */
export { CallView } from "./call-view.tsx";
export { describeConnectionError, FIREWALL_BLOCKED } from "./join-problem.ts";
export { CallSession } from "./session.ts";
