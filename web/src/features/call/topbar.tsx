import { c } from "../../i18n/control/index.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import type { Layout } from "./view-state.ts";

export interface TopbarProps {
  readonly title: string;
  readonly count: number;
  readonly layout: Layout;
  readonly peopleOpen: boolean;
  /** Who waits to be let in. */
  readonly waiting: number;
  readonly locked: boolean;
  readonly onLayout: () => void;
  readonly onPeople: () => void;
}

export function Topbar(props: TopbarProps) {
  const m = t().call;
  const switchLabel = props.layout === "grid" ? m.layoutToSpeaker : m.layoutToGrid;
  return (
    <header class="topbar">
      <h1 class="topbar__title">{props.title}</h1>
      {props.locked && (
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
        aria-label={[
          `${m.participants}: ${props.count}`,
          props.waiting > 0 && c().people.lobbyCount(props.waiting),
        ]
          .filter(Boolean)
          .join(". ")}
        aria-expanded={props.peopleOpen}
        title={m.participants}
        onClick={props.onPeople}
      >
        <Icon name="people" />
        <span aria-hidden="true">{props.count}</span>
        {props.waiting > 0 && (
          <span class="control__mark" data-mark={props.waiting} data-testid="waiting-count" />
        )}
      </button>
    </header>
  );
}
