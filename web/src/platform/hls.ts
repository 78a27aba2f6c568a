import Hls from "hls.js";

const NATIVE = "application/vnd.apple.mpegurl";

/**
 * Plays a playlist in a video element, of a broadcast near its end. Returns how to stop, or null where nothing can play it.
 *
 * `onFailure` is told when the player has given up: whoever made it may make another one.
 */
export function play(video: HTMLVideoElement, playlist: string, onFailure: () => void): (() => void) | null {
  if (!Hls.isSupported()) {
    if (!video.canPlayType(NATIVE)) return null;
    video.src = playlist;
    video.onerror = onFailure;
    return () => {
      video.onerror = null;
      video.removeAttribute("src");
      video.load();
    };
  }
  const hls = new Hls({ lowLatencyMode: true, backBufferLength: 30, maxLiveSyncPlaybackRate: 1.1 });
  hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onFailure();
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return () => hls.destroy();
}
