import { DisconnectReason } from "livekit-client";
import type { CallEnd, EndKind } from "./model.ts";

const KINDS: Partial<Record<DisconnectReason, EndKind>> = {
  [DisconnectReason.CLIENT_INITIATED]: "left",
  [DisconnectReason.DUPLICATE_IDENTITY]: "duplicate",
  [DisconnectReason.SERVER_SHUTDOWN]: "shutdown",
  [DisconnectReason.PARTICIPANT_REMOVED]: "removed",
  [DisconnectReason.ROOM_DELETED]: "closed",
  [DisconnectReason.ROOM_CLOSED]: "closed",
  [DisconnectReason.SIGNAL_CLOSE]: "lost",
  [DisconnectReason.CONNECTION_TIMEOUT]: "lost",
};

/**
 * What a reason of the protocol means to a person. No reason at all means the network went away.
 * `waiting`: in the lobby, where to be removed is to be refused.
 */
export function describeDisconnect(reason: DisconnectReason | undefined, waiting = false): CallEnd {
  if (reason === undefined || reason === DisconnectReason.UNKNOWN_REASON) {
    return { kind: "lost", code: "CONNECTION_LOST" };
  }
  if (waiting && reason === DisconnectReason.PARTICIPANT_REMOVED) {
    return { kind: "denied", code: "NOT_ADMITTED" };
  }
  return { kind: KINDS[reason] ?? "failed", code: DisconnectReason[reason] ?? `REASON_${reason}` };
}
