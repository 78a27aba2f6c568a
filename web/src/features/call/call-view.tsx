import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { usePageTitle } from "../../ui/page.tsx";
import { Banners } from "./banners.tsx";
import type { Call } from "./model.ts";
import { PeoplePanel } from "./people-panel.tsx";
import { SettingsDialog } from "./settings-dialog.tsx";
import { Stage } from "./stage.tsx";
import { mainTileId, type TileView, tilesOf } from "./tiles.ts";
import { Toolbar } from "./toolbar.tsx";
import { Topbar } from "./topbar.tsx";
import { useFocus } from "./use-focus.ts";
import { usePresenceAnnouncements } from "./use-presence.ts";
import { useWakeLock } from "./use-wake-lock.ts";
import { INITIAL_VIEW, reduceView, type ViewEvent, type ViewState } from "./view-state.ts";
import "./call.css";
import "./tile.css";

function useView(tiles: readonly TileView[]): [ViewState, (event: ViewEvent) => void] {
  const [view, setView] = useState(INITIAL_VIEW);
  const hadScreen = useRef(false);
  const hasScreen = tiles.some((tile) => tile.kind === "screen");
  const ids = tiles.map((tile) => tile.id);
  useEffect(() => {
    const before = hadScreen.current;
    setView((state) => reduceView(state, { type: "tilesChanged", ids, hasScreen }, before));
    hadScreen.current = hasScreen;
  }, [ids.join("\n"), hasScreen]);
  return [view, (event) => setView((state) => reduceView(state, event, hadScreen.current))];
}

/** The call itself. Everything it shows comes from the model; it knows no media protocol. */
export function CallView({ call, title }: { call: Call; title: string }) {
  const m = t();
  const [peopleOpen, setPeopleOpen] = useState(false);
  const [settingsOpen, setSettingsOpen] = useState(false);
  const participants = call.participants.value;
  const tiles = tilesOf(participants);
  const [view, dispatch] = useView(tiles);
  const focus = useFocus(call);
  usePageTitle(m.call.pageTitle(title));
  usePresenceAnnouncements(call);
  useWakeLock();
  const local = participants.find((participant) => participant.isLocal);

  return (
    <main
      class={`call ${peopleOpen ? "call--people" : ""}`}
      data-testid="call"
      data-phase={call.phase.value.kind}
    >
      <Topbar
        title={title}
        count={participants.length}
        layout={view.layout}
        peopleOpen={peopleOpen}
        onLayout={() => dispatch({ type: "layoutSwitched" })}
        onPeople={() => setPeopleOpen(!peopleOpen)}
      />
      <div class="call__middle">
        <Banners call={call} local={local} />
        <Stage
          call={call}
          tiles={tiles}
          layout={view.layout}
          mainId={mainTileId(tiles, view.pinnedId, focus)}
          pinnedId={view.pinnedId}
          onPin={(id) => dispatch({ type: "pinToggled", id })}
        />
        {participants.length === 1 && <p class="call__alone">{m.call.alone}</p>}
      </div>
      {peopleOpen && <PeoplePanel participants={participants} onClose={() => setPeopleOpen(false)} />}
      <Toolbar call={call} local={local} onDevices={() => setSettingsOpen(true)} />
      {settingsOpen && <SettingsDialog call={call} onClose={() => setSettingsOpen(false)} />}
    </main>
  );
}
