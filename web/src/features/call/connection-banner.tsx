import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { announce } from "../../ui/announcer.tsx";
import { useSecondsSince } from "../../ui/use-seconds.ts";
import type { Call } from "./model.ts";

/** Says that the connection is away and counts the seconds; readers hear only the start and the end. */
export function ConnectionBanner({ call }: { call: Call }) {
  const phase = call.phase.value;
  const away = phase.kind === "reconnecting";
  const wasAway = useRef(false);
  useEffect(() => {
    if (away) announce(t().call.reconnectingStarted);
    else if (wasAway.current) announce(t().call.reconnected);
    wasAway.current = away;
  }, [away]);
  return phase.kind === "reconnecting" ? <Counting sinceMs={phase.sinceMs} /> : null;
}

function Counting({ sinceMs }: { sinceMs: number }) {
  const seconds = useSecondsSince(sinceMs);
  return (
    <div class="banner banner--warning" data-testid="connection-banner" aria-hidden="true">
      <span class="spinner" />
      <span>{t().call.reconnecting(seconds)}</span>
    </div>
  );
}
