import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { announce } from "../../ui/announcer.tsx";
import type { Call, ParticipantView } from "./model.ts";

/** Arrivals within this time are told in one sentence: a class joins almost at once. */
const GATHER_MS = 1500;

/** Who came and who went between two lists of participants. */
export function presenceChange(
  before: readonly ParticipantView[],
  after: readonly ParticipantView[],
): { readonly joined: string[]; readonly left: string[] } {
  const missingIn = (list: readonly ParticipantView[]) => {
    const known = new Set(list.map((other) => other.identity));
    return (p: ParticipantView) => !p.isLocal && !known.has(p.identity);
  };
  return {
    joined: after.filter(missingIn(before)).map((p) => p.name),
    left: before.filter(missingIn(after)).map((p) => p.name),
  };
}

function sentence(change: ReturnType<typeof presenceChange>): string {
  const m = t().call;
  const tell = (names: string[], one: (name: string) => string, many: (n: number) => string) =>
    names.length === 0 ? [] : [names.length === 1 && names[0] ? one(names[0]) : many(names.length)];
  return [...tell(change.joined, m.joined, m.joinedMany), ...tell(change.left, m.left, m.leftMany)].join(
    ". ",
  );
}

/** Tells screen readers who comes and goes. */
export function usePresenceAnnouncements(call: Call): void {
  const told = useRef(call.participants.peek());
  const participants = call.participants.value;
  useEffect(() => {
    const timer = setTimeout(() => {
      const text = sentence(presenceChange(told.current, participants));
      told.current = participants;
      if (text) announce(text);
    }, GATHER_MS);
    return () => clearTimeout(timer);
  }, [participants]);
}
