import type { WatchCatalogue } from "./index.ts";

export const en: WatchCatalogue = {
  live: "Live",
  paused: "Paused",
  pausedText: "The host has stopped the film. It will go on by itself.",
  over: "The film is over",
  soon: "The film starts soon",
  soonText: "Keep this page open: the film starts by itself.",
  before: "The event has not started yet",
  beforeText: (when) => `${when}. This page will open it by itself.`,
  after: "The event is over",
  afterText: "Thank you for watching.",
  cancelled: "The event was cancelled",
  cancelledText: "If you have questions, please ask whoever sent you the link.",
  about:
    "All viewers see the same place. Nobody sees or hears you, and no name is needed. You are a few seconds behind the hall.",
  place: (at, of) => `${at} of ${of}`,
  start: "Watch",
  lost: "The connection was lost. Connecting again…",
  unsupported: "This browser cannot show this video. Update it, or open the link in another one.",
  video: (title) => `Film “${title}”`,
};
