import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import type { CaptureKind } from "../../platform/capture.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { problemOf } from "./capture-help.tsx";
import { LevelMeter } from "./level-meter.tsx";
import type { Preview, PreviewState } from "./preview.ts";

function PreviewVideo({ track }: { track: MediaStreamTrack }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = new MediaStream([track]);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={ref}
      class="preview__video"
      autoplay
      muted
      playsInline
      aria-label={t().prejoin.previewLabel}
    />
  );
}

/** What stands in the preview while there is no picture. */
function PreviewPlaceholder({ state }: { state: PreviewState }) {
  const m = t();
  if (state === "starting") {
    return (
      <div class="preview__empty" role="status">
        <span class="spinner" aria-hidden="true" />
        <p>{m.prejoin.starting}</p>
        <p class="preview__hint">{m.prejoin.askingPermission}</p>
      </div>
    );
  }
  // What is wrong stands below, with what to do: nobody reads it twice.
  return (
    <div class="preview__empty">
      <Icon name="cameraOff" size={36} />
      {!problemOf(state) && <p>{m.prejoin.cameraIsOff}</p>}
    </div>
  );
}

function CaptureToggle(props: { preview: Preview; kind: CaptureKind; on: IconName; off: IconName }) {
  const { preview, kind } = props;
  const m = t().prejoin;
  const state = preview[kind].state.value;
  const live = state === "live" || state === "starting";
  const label =
    kind === "camera" ? (live ? m.cameraOff : m.cameraOn) : live ? m.microphoneOff : m.microphoneOn;
  return (
    <button
      type="button"
      class={`preview__toggle ${live ? "" : "preview__toggle--off"}`}
      data-testid={kind === "camera" ? "prejoin-camera-toggle" : "prejoin-mic-toggle"}
      data-state={state}
      aria-label={label}
      title={label}
      disabled={state === "insecure"}
      onClick={() => (live ? preview.disable(kind) : void preview.enable(kind))}
    >
      <Icon name={live ? props.on : props.off} size={24} />
    </button>
  );
}

export function PreviewPanel({ preview }: { preview: Preview }) {
  const track = preview.camera.track.value;
  const camera = preview.camera.state.value;
  return (
    <section class="preview" aria-label={t().prejoin.previewLabel}>
      <div class={`preview__frame ${problemOf(camera) ? "preview__frame--empty" : ""}`}>
        {track ? <PreviewVideo track={track} /> : <PreviewPlaceholder state={camera} />}
        <div class="preview__toggles">
          <CaptureToggle preview={preview} kind="microphone" on="mic" off="micOff" />
          <CaptureToggle preview={preview} kind="camera" on="camera" off="cameraOff" />
        </div>
      </div>
      {!problemOf(preview.microphone.state.value) && <LevelMeter track={preview.microphone.track.value} />}
    </section>
  );
}
