import { requestJson } from "./http.ts";

/** The film that is shown now; `ready` when a player finds something to play. Times are seconds. */
export interface ShownFilm {
  /** Of this showing: another one when it is shown anew. */
  readonly stream: string;
  readonly title: string;
  readonly playing: boolean;
  readonly position: number;
  readonly duration: number;
  readonly ready: boolean;
}

/** What the link of an audience leads to now. */
export interface Broadcast {
  readonly title: string;
  readonly organisation: string;
  readonly state: "before" | "live" | "after" | "cancelled";
  /** ISO 8601. */
  readonly starts_at: string;
  readonly film: ShownFilm | null;
}

export const playlistOf = (code: string) => `/hls/${encodeURIComponent(code)}/live.m3u8`;

/** @throws ApiError 404 for every link that does not open. */
export async function fetchBroadcast(code: string, signal: AbortSignal): Promise<Broadcast> {
  // The server says how long an answer is good, for all who watch.
  return (await requestJson(`/hls/${encodeURIComponent(code)}/status`, {
    signal,
    cache: "default",
  })) as Broadcast;
}
