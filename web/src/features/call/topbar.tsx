import { c } from "../../i18n/control/index.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { type Control, isInside, leads } from "./control/model.ts";
import { useSecondsUntil } from "./control/use-server-clock.ts";
import type { Layout } from "./view-state.ts";

export interface TopbarProps {
  readonly title: string;
  readonly count: number;
  readonly layout: Layout;
  readonly peopleOpen: boolean;
  readonly control: Control;
  readonly onLayout: () => void;
  readonly onPeople: () => void;
}

/** For who leads: families are told when it matters only. */
function TimeLeft({ endsAt, control }: { endsAt: number; control: Control }) {
  const { left, clock } = c().time;
  const seconds = useSecondsUntil(endsAt, control);
  return (
    <span class="topbar__time" role="timer" aria-label={left(seconds)} title={left(seconds)}>
      {clock(seconds)}
    </span>
  );
}

export function Topbar(props: TopbarProps) {
  const m = t().call;
  const told = props.control.snapshot.value;
  const snapshot = isInside(told) ? told : null;
  const words = c().people;
  // Who leads a webinar is not told of each of thousands.
  const count = snapshot && leads(snapshot) ? snapshot.people_total : props.count;
  const waiting = snapshot?.lobby?.length ?? 0;
  const hands = snapshot?.hands?.length ?? 0;
  const peopleLabel = [
    `${m.participants}: ${count}`,
    waiting > 0 && words.lobbyCount(waiting),
    hands > 0 && words.handsCount(hands),
  ];
  const switchLabel = props.layout === "grid" ? m.layoutToSpeaker : m.layoutToGrid;
  return (
    <header class="topbar">
      <h1 class="topbar__title">{props.title}</h1>
      {snapshot?.time?.phase === "running" && leads(snapshot) && (
        <TimeLeft endsAt={snapshot.time.ends_at} control={props.control} />
      )}
      {snapshot?.locked && (
        <span class="topbar__lock" title={c().tools.lock}>
          <Icon name="lock" size={20} />
          <span class="visually-hidden">{c().tools.lock}</span>
        </span>
      )}
      <button
        type="button"
        class="icon-button"
        data-testid="layout-switch"
        data-layout={props.layout}
        aria-label={switchLabel}
        title={switchLabel}
        onClick={props.onLayout}
      >
        <Icon name={props.layout === "grid" ? "speaker" : "grid"} />
      </button>
      <button
        type="button"
        class="icon-button topbar__people"
        data-testid="participants-button"
        aria-label={peopleLabel.filter(Boolean).join(". ")}
        aria-expanded={props.peopleOpen}
        title={m.participants}
        onClick={props.onPeople}
      >
        <Icon name="people" />
        <span aria-hidden="true">{count}</span>
        {waiting + hands > 0 && (
          <span class="control__mark" data-mark={waiting + hands} data-testid="waiting-count" />
        )}
      </button>
    </header>
  );
}
