import { ConnectionError, ConnectionErrorReason } from "livekit-client";

/** The server's own word for a client without a path for media. */
export const FIREWALL_BLOCKED = "FIREWALL_BLOCKED";

/** What the server says of somebody who may not come into a call that is led; signalling/call/service.py. */
const REFUSALS = [
  { says: "the call is locked", kind: "locked", code: "CALL_LOCKED" },
  { says: "the call has ended", kind: "callEnded", code: "CALL_ENDED" },
  { says: "you were removed", kind: "removed", code: "REMOVED" },
] as const;

/** Which sentence explains that the room could not be entered, and the code that goes with it. */
export function describeConnectionError(error: unknown): {
  readonly kind:
    | "network"
    | "media"
    | "linkNotFound"
    | "full"
    | "locked"
    | "callEnded"
    | "removed"
    | "unknown";
  readonly code: string;
} {
  if (!(error instanceof ConnectionError)) return { kind: "unknown", code: "JOIN_FAILED" };
  const code = ConnectionErrorReason[error.reason] ?? "JOIN_FAILED";
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed: {
      const refusal = REFUSALS.find(({ says }) => error.message.includes(says));
      if (refusal) return { kind: refusal.kind, code: refusal.code };
      return { kind: "linkNotFound", code };
    }
    case ConnectionErrorReason.ServerUnreachable:
    case ConnectionErrorReason.WebSocket:
      return { kind: "network", code };
    case ConnectionErrorReason.Timeout:
    case ConnectionErrorReason.InternalError:
      // The server has answered: it is the media that does not get through.
      return { kind: "media", code: FIREWALL_BLOCKED };
    default:
      return { kind: "unknown", code };
  }
}
