import { useEffect, useRef, useState } from "preact/hooks";
import type { ContentAnswer } from "../../../api/schema.ts";
import { address } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { play } from "../../../platform/hls.ts";
import { Notice } from "../../../ui/notice.tsx";

/** The prepared film as viewers will see it. `seek`: the moment that shall be shown, each time another object. */
export function Preview(props: { content: ContentAnswer; seek: { readonly second: number } | null }) {
  const m = l().preview;
  const { content, seek } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<"playing" | "failed" | "unsupported">("playing");
  const playlist = address("GET /api/content/{content}/renditions/{rendition}", {
    path: { content: content.id, rendition: "film.m3u8" },
  });
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const stop = play(element, playlist, () => setState("failed"));
    if (!stop) setState("unsupported");
    return () => stop?.();
  }, [playlist, attempt, content.revision]);
  useEffect(() => {
    const element = video.current;
    if (!element || !seek) return;
    element.currentTime = seek.second;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
  }, [seek]);
  return (
    <section class="card-box" data-testid="preview">
      <h2>{m.heading}</h2>
      {state === "unsupported" && (
        <Notice tone="warning" icon="alert">
          <p>{m.unsupported}</p>
        </Notice>
      )}
      {state === "failed" && (
        <Notice tone="danger" icon="alert" alert>
          <p>{m.failed}</p>
          <button
            type="button"
            class="button"
            onClick={() => {
              setState("playing");
              setAttempt((n) => n + 1);
            }}
          >
            {m.again}
          </button>
        </Notice>
      )}
      {state === "playing" && (
        // biome-ignore lint/a11y/useMediaCaption: captions of a film come with its playlist
        <video
          ref={video}
          class={`film-preview ${content.kind === "sound" ? "film-preview--sound" : ""}`}
          controls
          playsInline
          preload="metadata"
          tabIndex={-1}
          aria-label={m.video(content.title)}
          data-testid="preview-video"
        />
      )}
      <p class="soft">{content.kind === "sound" ? m.soundText : m.text}</p>
    </section>
  );
}
