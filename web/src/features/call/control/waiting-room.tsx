import { useEffect, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Page, usePageTitle } from "../../../ui/page.tsx";
import { Clearing } from "../../../ui/picture.tsx";
import { useSecondsSince } from "../../../ui/use-seconds.ts";
import { ConnectionBanner } from "../connection-banner.tsx";
import type { Call } from "../model.ts";

/** Before a host lets one in: calm, and it says who will. */
export function WaitingRoom({ call, title, host }: { call: Call; title: string; host: string | null }) {
  const m = c().waiting;
  const [since] = useState(() => Date.now());
  const seconds = useSecondsSince(since);
  usePageTitle(m.pageTitle);
  useEffect(() => {
    announce(m.heading);
    return () => {
      if (call.phase.peek().kind !== "ended") announce(c().waiting.admitted);
    };
  }, []);
  return (
    <Page>
      <section class="message waiting" data-testid="waiting-room">
        <Clearing class="message__picture" />
        <p class="waiting__title">{title}</p>
        <h1>{m.heading}</h1>
        <p>{host ? m.whoAdmits(host) : m.whoAdmitsUnknown}</p>
        <p>{m.quiet}</p>
        <ConnectionBanner call={call} />
        <p class="waiting__since" aria-hidden="true">
          {m.since(seconds)}
        </p>
        <div class="message__actions">
          <button
            type="button"
            class="button button--quiet button--big"
            data-testid="leave-waiting"
            onClick={() => void call.leave()}
          >
            {m.leave}
          </button>
        </div>
      </section>
    </Page>
  );
}
