import { useEffect, useRef, useState } from "preact/hooks";
import { type Control, isInside, leads, type Poll } from "./model.ts";

export type PanelName = "people" | "chat" | "poll" | "tools";

export interface PanelState {
  readonly open: PanelName | null;
  readonly openedByItself: boolean;
  /** Messages of others since the chat was open last. */
  readonly unread: number;
  /** An open poll that waits for this person's answer. */
  readonly unanswered: Poll | null;
  toggle(name: PanelName): void;
  close(): void;
}

/** One panel at a time. A new poll opens its own, where nothing else is open. */
export function usePanel(control: Control): PanelState {
  const [open, setOpen] = useState<PanelName | null>(null);
  const [openedByItself, setOpenedByItself] = useState(false);
  const [seenAt, setSeenAt] = useState(() => (Date.now() + control.clockOffsetMs.peek()) / 1000);
  const told = control.snapshot.value;
  const snapshot = isInside(told) ? told : null;
  const messages = control.messages.value;
  const newest = messages.at(-1)?.at ?? 0;
  useEffect(() => {
    if (open === "chat") setSeenAt((before) => Math.max(before, newest));
  }, [open, newest]);

  const votes = snapshot !== null && !leads(snapshot);
  const unanswered = (votes && snapshot.polls.find((poll) => poll.open && !poll.voted)) || null;
  const shown = useRef("");
  useEffect(() => {
    if (!unanswered || unanswered.id === shown.current) return;
    shown.current = unanswered.id;
    if (open === null) {
      setOpen("poll");
      setOpenedByItself(true);
    }
  }, [unanswered?.id]);

  return {
    open,
    openedByItself,
    unread: messages.filter((one) => one.at > seenAt && one.person !== snapshot?.you.person).length,
    unanswered,
    toggle: (name) => {
      setOpenedByItself(false);
      setOpen(open === name ? null : name);
    },
    close: () => setOpen(null),
  };
}
