import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { HEARD_LEVEL, watchLevel } from "./level.ts";

/** A moving bar for the eye and, once the voice is heard, one sentence for everyone. */
export function LevelMeter({ track }: { track: MediaStreamTrack | null }) {
  const bar = useRef<HTMLSpanElement>(null);
  const [heard, setHeard] = useState(false);
  useEffect(() => {
    setHeard(false);
    if (!track) return;
    return watchLevel(track, (level) => {
      bar.current?.style.setProperty("--level", level.toFixed(2));
      if (level > HEARD_LEVEL) setHeard(true);
    });
  }, [track]);
  const m = t().prejoin;
  return (
    <div class="meter">
      <span class="meter__track" aria-hidden="true">
        <span class="meter__bar" ref={bar} hidden={!track} />
      </span>
      <span class="meter__text" role="status">
        {track ? (heard ? m.microphoneHears : m.microphoneSilent) : m.microphoneIsOff}
      </span>
    </div>
  );
}
