import { useEffect, useState } from "preact/hooks";
import { FOCUS_HOLD_MS, type Focus, nextFocus } from "./focus.ts";
import type { Call } from "./model.ts";

/** The identity shown large in the speaker layout, re-judged on events and when a hold runs out. */
export function useFocus(call: Call): string | null {
  const [focus, setFocus] = useState<Focus | null>(null);
  const speakers = call.speakers.value;
  const participants = call.participants.value;
  useEffect(() => {
    const remote = participants.filter((p) => !p.isLocal).map((p) => p.identity);
    const judge = () => setFocus((before) => nextFocus(before, { speakers, present: remote }, Date.now()));
    judge();
    const again = setTimeout(judge, FOCUS_HOLD_MS);
    return () => clearTimeout(again);
  }, [speakers, participants]);
  return focus?.identity ?? null;
}
