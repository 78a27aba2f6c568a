import { useEffect, useRef } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { type Control, type Inside, isInside, leads, type Person } from "./model.ts";
import { secondsUntil } from "./state.ts";

const added = <T>(before: readonly T[], after: readonly T[]) => after.filter((one) => !before.includes(one));

function ofOneself(before: Inside, after: Inside): string[] {
  const m = c();
  const told: string[] = [];
  for (const medium of added(before.you.asked, after.you.asked)) told.push(m.asked[medium]);
  for (const medium of added(before.you.held, after.you.held)) {
    told.push(medium === "audio" ? m.held.audioNow : m.held.videoNow);
  }
  for (const medium of added(after.you.held, before.you.held)) {
    if (after.you.asked.includes(medium)) continue;
    told.push(medium === "audio" ? m.held.backNow : m.held.backVideoNow);
  }
  if (after.you.hand !== before.you.hand) {
    if (after.you.hand === null) told.push(m.hand.lowered);
    else told.push(after.you.hand === 1 ? m.hand.first : m.hand.place(after.you.hand));
  }
  if (after.attended !== before.attended) {
    told.push(after.attended ? m.unattended.back : m.unattended.heading);
  }
  const reasons = added(before.you.reasons, after.you.reasons);
  if (reasons.includes("panic")) told.push(m.frozen.panic);
  if (reasons.includes("time")) told.push(m.frozen.time);
  if (before.you.power === "viewer" && after.you.power === "member") told.push(m.stage.promoted);
  if (after.you.group !== before.you.group) {
    const group = after.groups.find((one) => one.id === after.you.group);
    told.push(group ? m.groups.youAreIn(group.name) : m.groups.movedBack);
  }
  return told;
}

function ofOthers(before: Inside, after: Inside): string[] {
  const m = c();
  const told: string[] = [];
  const waited = (before.lobby ?? []).map((one) => one.person);
  for (const one of after.lobby ?? []) {
    if (!waited.includes(one.person)) told.push(m.people.arrived(one.name));
  }
  const name = (key: string) => after.people.find((one: Person) => one.person === key)?.name;
  for (const key of added(before.hands ?? [], after.hands ?? [])) {
    const raised = name(key);
    if (raised && key !== after.you.person) told.push(m.hand.raisedBy(raised));
  }
  return told;
}

function ofScreens(before: Inside, after: Inside): string[] {
  const m = c().screenTime;
  return (after.screen_time ?? [])
    .filter((one) => one.phase === "stopped")
    .filter((one) => before.screen_time?.find((other) => other.kind === one.kind)?.phase !== "stopped")
    .map((one) => m.stopped(m.kind(one.kind)));
}

function ofRecording(before: Inside, after: Inside): string[] {
  const m = c().recording;
  const told: string[] = [];
  const { state, you } = after.recording;
  const was = before.recording;
  if (state !== was.state) {
    if (state === "running") told.push(m.on);
    else if (state === "paused") told.push(m.paused);
    else if (state === "off" && was.state !== "asking") told.push(m.ended);
  }
  const asked = you.asked && you.agreed === null;
  if (asked && !(was.you.asked && was.you.agreed === null)) told.push(m.question);
  return told;
}

/** What has happened between two snapshots, in the words that screen readers speak. */
export function changes(before: Inside, after: Inside, clockOffsetMs: number): string[] {
  const m = c();
  const told = [...ofOneself(before, after), ...(leads(after) ? ofOthers(before, after) : [])];
  const known = before.polls.map((poll) => poll.id);
  for (const poll of after.polls) {
    if (poll.open && !known.includes(poll.id) && !leads(after)) told.push(m.poll.opened(poll.question));
  }
  if (after.film && after.film.content !== before.film?.content) told.push(m.film.begins(after.film.title));
  if (after.film_end && before.film && !after.film) told.push(m.film.stopped(after.film_end));
  if (after.time && after.time.phase !== before.time?.phase) {
    const left = secondsUntil(after.time.ends_at, Date.now(), clockOffsetMs);
    if (after.time.phase === "warning") told.push(m.time.leftSoon(Math.max(1, Math.round(left / 60))));
    if (after.time.phase === "over") told.push(m.time.overNow);
  }
  told.push(...ofRecording(before, after));
  if (leads(after)) told.push(...ofScreens(before, after));
  else if (after.screen_stopped.length > before.screen_stopped.length) told.push(m.screenTime.rest);
  return told;
}

/** Speaks what a host does, what is asked for, and new messages while the chat is closed. */
export function useControlAnnouncements(control: Control, chatOpen: boolean): void {
  const before = useRef<Inside | null>(null);
  const heard = useRef(Date.now() + control.clockOffsetMs.peek());
  const snapshot = control.snapshot.value;
  const messages = control.messages.value;
  useEffect(() => {
    const inside = isInside(snapshot) ? snapshot : null;
    if (before.current && inside) {
      const told = changes(before.current, inside, control.clockOffsetMs.peek());
      if (told.length > 0) announce(told.join(". "));
    }
    before.current = inside;
  }, [snapshot]);
  useEffect(() => {
    const last = messages.at(-1);
    if (!last || last.at * 1000 <= heard.current) return;
    heard.current = last.at * 1000;
    const mine = isInside(snapshot) && last.person === snapshot.you.person;
    if (!mine && !chatOpen) announce(c().chat.heard(last.name, last.text));
  }, [messages]);
}
