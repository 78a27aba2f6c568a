import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { usePageTitle } from "../../ui/page.tsx";
import { Banners } from "./banners.tsx";
import { ControlBanners } from "./control/banners.tsx";
import { ControlButtons } from "./control/buttons.tsx";
import { ChatPanel } from "./control/chat-panel.tsx";
import { FilmBar } from "./control/film-bar.tsx";
import { GuardianCard } from "./control/guardian-card.tsx";
import { isInside, leads } from "./control/model.ts";
import { PollPanel } from "./control/poll-panel.tsx";
import { AudienceReactions } from "./control/reactions.tsx";
import { preferredIdentities } from "./control/state.ts";
import { useControlAnnouncements } from "./control/use-announcements.ts";
import { useHostTools } from "./control/use-host-tools.ts";
import { usePanel } from "./control/use-panel.ts";
import { WaitingRoom } from "./control/waiting-room.tsx";
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
import "./control/control.css";

function useView(tiles: readonly TileView[], led: boolean): [ViewState, (event: ViewEvent) => void] {
  const [view, setView] = useState(INITIAL_VIEW);
  const hadScreen = useRef(false);
  const hasScreen = tiles.some((tile) => tile.kind !== "camera");
  const ids = tiles.map((tile) => tile.id);
  const dispatch = (event: ViewEvent) => setView((state) => reduceView(state, event, hadScreen.current));
  useEffect(() => {
    const before = hadScreen.current;
    setView((state) => reduceView(state, { type: "tilesChanged", ids, hasScreen }, before));
    hadScreen.current = hasScreen;
  }, [ids.join("\n"), hasScreen]);
  useEffect(() => {
    if (led) dispatch({ type: "led" });
  }, [led]);
  return [view, dispatch];
}

export interface CallViewProps {
  readonly call: Call;
  readonly title: string;
  /** Who leads, as the link says. */
  readonly host: string | null;
}

/** Who waits sees the waiting room, all others the call. */
export function CallView(props: CallViewProps) {
  useWakeLock();
  const waiting = props.call.control.snapshot.value?.you.power === "waiting";
  return waiting ? <WaitingRoom {...props} /> : <InCall {...props} />;
}

/** The call itself. Everything it shows comes from the model; it knows no media protocol. */
function InCall({ call, title }: CallViewProps) {
  const m = t();
  const { control } = call;
  const told = control.snapshot.value;
  const snapshot = isInside(told) ? told : null;
  const host = leads(snapshot);
  const everybody = call.participants.value;
  const film = snapshot?.film ?? null;
  const participants = everybody.filter((one) => one.identity !== film?.identity);
  const tiles = tilesOf(everybody, film?.identity);
  const preferred = preferredIdentities(snapshot, participants);
  const [view, dispatch] = useView(tiles, preferred.length > 0 && !host);
  const [settingsOpen, setSettingsOpen] = useState(false);
  /** What goes on after its limit: the lesson (null) or one kind of screen. */
  const [extending, setExtending] = useState<{ readonly screen: string | null } | null>(null);
  const panel = usePanel(control);
  const tools = useHostTools(host);
  const focus = useFocus(call);
  const begun = useRef(false);
  if (snapshot?.attended) begun.current = true;
  usePageTitle(m.call.pageTitle(title));
  usePresenceAnnouncements(call);
  useControlAnnouncements(control, panel.open === "chat");
  const local = participants.find((participant) => participant.isLocal);
  const unattended = snapshot !== null && !snapshot.attended && !host;

  return (
    <main
      class={`call ${panel.open ? "call--panel" : ""}`}
      data-testid="call"
      data-phase={call.phase.value.kind}
      data-power={snapshot?.you.power}
    >
      <Topbar
        title={title}
        count={participants.length}
        control={control}
        layout={view.layout}
        peopleOpen={panel.open === "people"}
        onLayout={() => dispatch({ type: "layoutSwitched" })}
        onPeople={() => panel.toggle("people")}
      />
      <div class="call__middle">
        <Banners call={call} local={local}>
          {snapshot && (
            <ControlBanners
              call={call}
              snapshot={snapshot}
              poll={panel.open === "poll" ? null : panel.unanswered}
              onLobby={panel.open === "people" ? null : () => panel.toggle("people")}
              onPoll={() => panel.toggle("poll")}
              onExtend={(screen) => setExtending({ screen })}
            />
          )}
        </Banners>
        {unattended && <GuardianCard begun={begun.current} />}
        <div class="call__stage" hidden={unattended}>
          <Stage
            call={call}
            tiles={tiles}
            layout={view.layout}
            mainId={mainTileId(tiles, view.pinnedId, focus, preferred)}
            pinnedId={view.pinnedId}
            onPin={(id) => dispatch({ type: "pinToggled", id })}
          />
          <AudienceReactions control={control} snapshot={snapshot} />
        </div>
        {film && !unattended && (
          <FilmBar film={film} control={control}>
            {host && tools && <tools.FilmControls film={film} control={control} />}
          </FilmBar>
        )}
        {participants.length === 1 && !unattended && !film && <p class="call__alone">{m.call.alone}</p>}
      </div>
      {panel.open === "people" &&
        (snapshot && tools ? (
          <tools.HostPeople call={call} snapshot={snapshot} onClose={panel.close} />
        ) : (
          <PeoplePanel participants={participants} onClose={panel.close} />
        ))}
      {panel.open === "chat" && snapshot && (
        <ChatPanel
          control={control}
          snapshot={snapshot}
          onPoll={() => panel.toggle("poll")}
          onClose={panel.close}
        />
      )}
      {panel.open === "poll" && snapshot && (
        <PollPanel
          control={control}
          snapshot={snapshot}
          takesFocus={!panel.openedByItself}
          onClose={panel.close}
        />
      )}
      {panel.open === "tools" && snapshot && tools && (
        <tools.HostTools
          control={control}
          snapshot={snapshot}
          onPoll={() => panel.toggle("poll")}
          onClose={panel.close}
        />
      )}
      <Toolbar call={call} local={local} onDevices={() => setSettingsOpen(true)}>
        {snapshot && <ControlButtons control={control} snapshot={snapshot} panel={panel} />}
      </Toolbar>
      {settingsOpen && <SettingsDialog call={call} onClose={() => setSettingsOpen(false)} />}
      {extending && tools && (
        <tools.ExtendDialog control={control} screen={extending.screen} onClose={() => setExtending(null)} />
      )}
    </main>
  );
}
