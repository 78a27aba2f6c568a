import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import type { Layout } from "./view-state.ts";

export interface TopbarProps {
  readonly title: string;
  readonly count: number;
  readonly layout: Layout;
  readonly peopleOpen: boolean;
  readonly onLayout: () => void;
  readonly onPeople: () => void;
}

export function Topbar(props: TopbarProps) {
  const m = t().call;
  const switchLabel = props.layout === "grid" ? m.layoutToSpeaker : m.layoutToGrid;
  return (
    <header class="topbar">
      <h1 class="topbar__title">{props.title}</h1>
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
        aria-label={`${m.participants}: ${props.count}`}
        aria-expanded={props.peopleOpen}
        title={m.participants}
        onClick={props.onPeople}
      >
        <Icon name="people" />
        <span aria-hidden="true">{props.count}</span>
      </button>
    </header>
  );
}
