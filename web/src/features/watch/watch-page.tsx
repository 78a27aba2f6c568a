import "./watch.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Broadcast, playlistOf, type ShownFilm } from "../../api/watch.ts";
import { formatStart, language, t } from "../../i18n/index.ts";
import { w } from "../../i18n/watch/index.ts";
import { play } from "../../platform/hls.ts";
import { Icon } from "../../ui/icon.tsx";
import { Loading } from "../../ui/lazy.tsx";
import { Notice } from "../../ui/notice.tsx";
import { MessagePage, Page, usePageTitle } from "../../ui/page.tsx";
import { NotFound } from "../lesson/not-found.tsx";
import { useBroadcast } from "./use-broadcast.ts";

const RETRY_MS = 3000;

/** A film of an event for whoever has the link: nobody is seen, nothing is asked. */
export function WatchPage({ code }: { code: string }) {
  const watched = useBroadcast(code);
  if (watched.kind === "loading") return <Loading />;
  if (watched.kind === "notFound") return <NotFound />;
  return <Known code={code} broadcast={watched.broadcast} reachable={watched.reachable} />;
}

function Known(props: { code: string; broadcast: Broadcast; reachable: boolean }) {
  const m = w();
  const { broadcast, code } = props;
  const { title, film } = broadcast;
  if (broadcast.state === "cancelled")
    return <MessagePage pageTitle={title} heading={m.cancelled} text={[title, m.cancelledText]} />;
  if (broadcast.state === "after")
    return <MessagePage pageTitle={title} heading={m.after} text={[title, m.afterText]} />;
  if (broadcast.state === "before") {
    const when = formatStart(broadcast.starts_at, new Date(), language.value, t());
    return <MessagePage pageTitle={title} heading={m.before} text={[title, m.beforeText(when ?? "")]} />;
  }
  if (!film?.ready)
    return (
      <MessagePage pageTitle={title} heading={m.soon} text={[title, m.soonText]} testId="watch-soon">
        <p class="soft">{broadcast.organisation}</p>
      </MessagePage>
    );
  return (
    <Theatre key={film.stream} code={code} broadcast={broadcast} film={film} reachable={props.reachable} />
  );
}

function Theatre(props: { code: string; broadcast: Broadcast; film: ShownFilm; reachable: boolean }) {
  const m = w();
  const { broadcast, film } = props;
  usePageTitle(broadcast.title);
  const over = film.position >= film.duration;
  return (
    <Page>
      <section class="watch" data-testid="watch">
        <header class="watch__head">
          <div>
            <h1 class="watch__title">{broadcast.title}</h1>
            <p class="soft">{broadcast.organisation}</p>
          </div>
          <p class="watch__state" role="status" data-testid="watch-state">
            <span class={film.playing ? "watch__lamp watch__lamp--on" : "watch__lamp"} aria-hidden="true" />
            {film.playing ? m.live : over ? m.over : m.paused}
          </p>
        </header>
        <Film code={props.code} title={film.title} />
        <div class="watch__under">
          <p class="watch__film">{film.title}</p>
          <p class="soft watch__place">{m.place(clock(film.position), clock(film.duration))}</p>
        </div>
        {!film.playing && !over && (
          <Notice icon="pause" heading={m.paused}>
            <p>{m.pausedText}</p>
          </Notice>
        )}
        {!props.reachable && (
          <Notice icon="alert" tone="warning" alert>
            <p>{m.lost}</p>
          </Notice>
        )}
        <p class="soft watch__about">{m.about}</p>
      </section>
    </Page>
  );
}

/** Sound needs a tap where browsers ask for one. */
function Film({ code, title }: { code: string; title: string }) {
  const m = w();
  const video = useRef<HTMLVideoElement>(null);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<"starting" | "waiting" | "playing" | "unsupported">("starting");
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const stop = play(element, playlistOf(code), () => {
      retry = setTimeout(() => setAttempt((n) => n + 1), RETRY_MS);
    });
    if (stop) {
      element.play().catch((cause: unknown) => {
        if (cause instanceof DOMException && cause.name === "NotAllowedError") setState("waiting");
      });
    } else setState("unsupported");
    return () => {
      clearTimeout(retry);
      stop?.();
    };
  }, [code, attempt]);
  if (state === "unsupported")
    return (
      <Notice icon="alert" tone="warning" alert>
        <p>{m.unsupported}</p>
      </Notice>
    );
  return (
    <div class="watch__screen">
      {/* biome-ignore lint/a11y/useMediaCaption: captions of a film come with its playlist */}
      <video
        ref={video}
        class="watch__video"
        controls
        playsInline
        aria-label={m.video(title)}
        data-testid="watch-video"
        onPlaying={() => setState("playing")}
      />
      {state === "waiting" && (
        <button
          type="button"
          class="button button--primary button--big watch__start"
          onClick={() => void video.current?.play()}
        >
          <Icon name="play" size={22} />
          {m.start}
        </button>
      )}
    </div>
  );
}

/** 1:02:03, or 2:03. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, number) => (number ? String(part).padStart(2, "0") : String(part))).join(":");
}
