/** Who is shown large. Pure: time comes in as milliseconds. */

export interface Focus {
  readonly identity: string;
  readonly sinceMs: number;
}

/** A speaker stays large at least this long, so that a cough does not turn the picture. */
export const FOCUS_HOLD_MS = 2000;

export interface FocusInput {
  /** Remote identities that speak now, the loudest first. */
  readonly speakers: readonly string[];
  /** Remote identities in the order in which they joined. */
  readonly present: readonly string[];
}

/** The next large participant; null while nobody else is here. */
export function nextFocus(before: Focus | null, input: FocusInput, nowMs: number): Focus | null {
  const stays = before && input.present.includes(before.identity) ? before : null;
  if (stays && input.speakers.includes(stays.identity)) return stays;
  const loudest = input.speakers.find((identity) => input.present.includes(identity));
  if (loudest && (!stays || nowMs - stays.sinceMs >= FOCUS_HOLD_MS)) {
    return { identity: loudest, sinceMs: nowMs };
  }
  if (stays) return stays;
  const first = input.present[0];
  // Nobody has spoken yet: whoever speaks first may take over at once.
  return first === undefined ? null : { identity: first, sinceMs: nowMs - FOCUS_HOLD_MS };
}
