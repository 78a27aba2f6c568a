import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { c, explainRefusal } from "../../../i18n/control/index.ts";
import { t } from "../../../i18n/index.ts";
import { Icon, type IconName } from "../../../ui/icon.tsx";
import type { Call } from "../model.ts";
import {
  type Control,
  type FilmEnd,
  type HeldMedium,
  type Inside,
  leads,
  type Poll,
  type ScreenTime,
  type Waiting,
} from "./model.ts";
import { RecordingBanners } from "./recording.tsx";
import { useSecondsUntil } from "./use-server-clock.ts";

interface BannerProps {
  readonly tone: "plain" | "warning" | "calm";
  readonly icon: IconName;
  readonly testId: string;
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
}

export function Banner({ tone, icon, testId, children, actions }: BannerProps) {
  return (
    <div class={`banner banner--${tone} banner--said`} data-testid={testId}>
      <Icon name={icon} size={20} />
      <span class="banner__text">{children}</span>
      {actions && <span class="banner__actions">{actions}</span>}
    </div>
  );
}

/** One tap switches it on; it never switches itself on. */
function Asked({ call, medium }: { call: Call; medium: HeldMedium }) {
  const m = c().asked;
  const audio = medium === "audio";
  return (
    <Banner
      tone="calm"
      icon={audio ? "mic" : "camera"}
      testId={`asked-${medium}`}
      actions={
        <>
          <button
            type="button"
            class="button button--primary"
            data-testid={`asked-${medium}-yes`}
            onClick={() => void (audio ? call.setMicrophone(true) : call.setCamera(true))}
          >
            {audio ? m.unmute : m.camera}
          </button>
          <button
            type="button"
            class="button button--quiet"
            data-testid={`asked-${medium}-no`}
            onClick={() => void call.control.send({ type: "answer", medium })}
          >
            {m.notNow}
          </button>
        </>
      }
    >
      {m[medium]}
    </Banner>
  );
}

function heldWords(snapshot: Inside): string | null {
  const { you, self_unmute } = snapshot;
  const held = you.held.filter(
    (medium) => !you.asked.includes(medium) && !(medium === "audio" && self_unmute),
  );
  if (leads(snapshot) || held.length === 0) return null;
  return held.length === 2 ? c().held.both : c().held[held[0] ?? "audio"];
}

function frozenWords(snapshot: Inside): string | null {
  const { you } = snapshot;
  const m = c().frozen;
  if (you.reasons.includes("panic")) return m.panic;
  if (you.reasons.includes("time")) return m.time;
  if (you.frozen.length > 1) return m.several;
  return you.frozen[0] ? m[you.frozen[0]] : null;
}

function TimeBanner(props: { snapshot: Inside; control: Control; onExtend: () => void }) {
  const { snapshot, control } = props;
  const time = snapshot.time;
  const left = useSecondsUntil(time?.ends_at ?? 0, control);
  const rest = useSecondsUntil(time?.stops_at ?? 0, control);
  const m = c().time;
  if (!time || time.phase === "running") return null;
  const host = snapshot.you.power === "host";
  if (time.phase === "stopped" && !leads(snapshot)) return null; // said as what is frozen
  const words = { warning: m.left(left), over: m.over(rest), stopped: m.overNow }[time.phase];
  return (
    <Banner
      tone={time.phase === "warning" ? "plain" : "warning"}
      icon="clock"
      testId="time-banner"
      actions={
        host &&
        time.phase !== "warning" && (
          <button type="button" class="button" data-testid="extend" onClick={props.onExtend}>
            {m.extend}
          </button>
        )
      }
    >
      {words}
    </Banner>
  );
}

/** Children have looked at a screen for nearly as long as the norm says, or longer. */
function ScreenBanner(props: { time: ScreenTime; control: Control; onExtend: (() => void) | null }) {
  const { time, control, onExtend } = props;
  const left = useSecondsUntil(time.ends_at ?? 0, control);
  const rest = useSecondsUntil(time.stops_at ?? 0, control);
  const m = c().screenTime;
  if (time.phase === "running" || (!time.on && time.phase !== "stopped")) return null;
  const what = m.kind(time.kind);
  const words = { warning: m.left(what, left), over: m.over(what, rest), stopped: m.stopped(what) }[
    time.phase
  ];
  return (
    <Banner
      tone={time.phase === "warning" ? "plain" : "warning"}
      icon="clock"
      testId={`screen-time-${time.kind}`}
      actions={
        onExtend &&
        time.phase !== "warning" && (
          <button type="button" class="button" data-testid="extend-screen" onClick={onExtend}>
            {m.extend}
          </button>
        )
      }
    >
      {words}
    </Banner>
  );
}

function LobbyBanner({ lobby, onShow }: { lobby: readonly Waiting[]; onShow: () => void }) {
  const m = c().people;
  const first = lobby[0];
  if (!first) return null;
  return (
    <Banner
      tone="calm"
      icon="door"
      testId="lobby-banner"
      actions={
        <button type="button" class="button button--primary" data-testid="lobby-show" onClick={onShow}>
          {m.showLobby}
        </button>
      }
    >
      {lobby.length === 1 ? m.arrived(first.name) : `${m.lobby}: ${lobby.length}`}
    </Banner>
  );
}

/** Until somebody has read it. */
function FilmEndBanner({ end }: { end: FilmEnd }) {
  const [read, setRead] = useState("");
  const key = `${end.title} ${end.reason}`;
  if (read === key) return null;
  return (
    <div class="banner banner--warning" role="status" data-testid="film-end">
      <Icon name="film" size={20} />
      <span>{c().film.stopped(end)}</span>
      <button type="button" class="icon-button" aria-label={t().common.close} onClick={() => setRead(key)}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}

function PollBanner({ poll, onOpen }: { poll: Poll; onOpen: () => void }) {
  const m = c().poll;
  return (
    <Banner
      tone="calm"
      icon="poll"
      testId="poll-banner"
      actions={
        <button type="button" class="button button--primary" data-testid="poll-open" onClick={onOpen}>
          {m.answer}
        </button>
      }
    >
      {m.opened(poll.question)}
    </Banner>
  );
}

export interface ControlBannersProps {
  readonly call: Call;
  readonly snapshot: Inside;
  /** An open poll that waits for an answer and is not on screen. */
  readonly poll: Poll | null;
  /** Shows who waits; null: it is on screen. */
  readonly onLobby: (() => void) | null;
  readonly onPoll: () => void;
  /** Of the lesson, or of one kind of screen. */
  readonly onExtend: (screen: string | null) => void;
}

/** What a host has done to this person, said in words with what can be done about it. */
export function ControlBanners({ call, snapshot, poll, onLobby, onPoll, onExtend }: ControlBannersProps) {
  const { control } = call;
  const { you } = snapshot;
  const m = c();
  const frozen = frozenWords(snapshot);
  const held = frozen === null && snapshot.attended ? heldWords(snapshot) : null;
  const refused = control.refused.value;
  const group = snapshot.groups.find((one) => one.id === you.group);
  return (
    <>
      {refused && (
        <div class="banner banner--warning" role="alert" data-testid="refused">
          <Icon name="alert" size={20} />
          <span>{explainRefusal(refused.code)}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={t().common.close}
            onClick={() => control.dismissRefused()}
          >
            <Icon name="close" size={20} />
          </button>
        </div>
      )}
      <RecordingBanners control={control} snapshot={snapshot} />
      {snapshot.panic && leads(snapshot) ? (
        <Banner
          tone="warning"
          icon="pause"
          testId="panic-banner"
          actions={
            <button
              type="button"
              class="button button--primary"
              data-testid="calm"
              onClick={() => void control.send({ type: "calm" })}
            >
              {m.panic.undo}
            </button>
          }
        >
          {m.panic.active}
        </Banner>
      ) : (
        frozen && (
          <Banner tone="plain" icon="pause" testId="frozen">
            {frozen}
          </Banner>
        )
      )}
      <TimeBanner snapshot={snapshot} control={control} onExtend={() => onExtend(null)} />
      {snapshot.screen_time?.map((time) => (
        <ScreenBanner
          key={time.kind}
          time={time}
          control={control}
          onExtend={you.power === "host" ? () => onExtend(time.kind) : null}
        />
      ))}
      {!leads(snapshot) && snapshot.screen_stopped.length > 0 && (
        <Banner tone="calm" icon="clock" testId="screen-stopped">
          {m.screenTime.rest}
        </Banner>
      )}
      {you.asked.map((medium) => (
        <Asked key={medium} call={call} medium={medium} />
      ))}
      {snapshot.film_end && <FilmEndBanner end={snapshot.film_end} />}
      {onLobby && <LobbyBanner lobby={snapshot.lobby ?? []} onShow={onLobby} />}
      {poll && <PollBanner poll={poll} onOpen={onPoll} />}
      {you.hand !== null && (
        <Banner tone="plain" icon="hand" testId="hand-place">
          {you.hand === 1 ? m.hand.first : m.hand.place(you.hand)}
        </Banner>
      )}
      {held && you.hand === null && (
        <Banner tone="plain" icon={you.held.includes("audio") ? "micOff" : "cameraOff"} testId="held">
          {held}
        </Banner>
      )}
      {you.power === "viewer" && you.hand === null && (
        <Banner tone="plain" icon="volume" testId="viewer-note">
          {you.no_consent ? m.stage.noConsent : m.stage.viewer}
        </Banner>
      )}
      {group && (
        <Banner tone="plain" icon="groups" testId="group-note">
          {m.groups.youAreIn(group.name)}
        </Banner>
      )}
      {you.announcing && (
        <Banner tone="warning" icon="volume" testId="announcing">
          {m.groups.announcing}
        </Banner>
      )}
    </>
  );
}
