import { ConnectionError, ConnectionErrorReason } from "livekit-client";

/** The server's own word for a client without a path for media. */
export const FIREWALL_BLOCKED = "FIREWALL_BLOCKED";

/** Which sentence explains that the room could not be entered, and the code that goes with it. */
export function describeConnectionError(error: unknown): {
  readonly kind: "network" | "media" | "linkNotFound" | "full" | "unknown";
  readonly code: string;
} {
  if (!(error instanceof ConnectionError)) return { kind: "unknown", code: "JOIN_FAILED" };
  const code = ConnectionErrorReason[error.reason] ?? "JOIN_FAILED";
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      return { kind: "linkNotFound", code };
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
