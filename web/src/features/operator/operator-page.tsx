import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatNumber, formatUptime } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { Notice } from "../../ui/notice.tsx";
import { Page, usePageTitle } from "../../ui/page.tsx";
import { useSecondsSince } from "../../ui/use-seconds.ts";
import { AlarmSummary } from "./alarm-summary.tsx";
import { alarmsOf } from "./alarms.ts";
import type { LoadHistory } from "./history.ts";
import { MachineCards, QualityCards, StreamCards } from "./load-cards.tsx";
import { RoomsTable } from "./rooms-table.tsx";
import { keepToken, takeToken } from "./token.ts";
import { TokenForm } from "./token-form.tsx";
import { useLoad } from "./use-load.ts";
import "./operator.css";

/** What the machine bears, for its operator: numbers of streams, never their content. */
export function OperatorPage() {
  const [token, setToken] = useState<string | null>(takeToken);
  const [rejected, setRejected] = useState(false);
  usePageTitle(t().operator.pageTitle);
  const change = (next: string | null, wasRejected: boolean) => {
    keepToken(next);
    setToken(next);
    setRejected(wasRejected);
  };
  if (token === null) return <TokenForm rejected={rejected} onToken={(next) => change(next, false)} />;
  return <Load token={token} onRejected={() => change(null, true)} onSignOut={() => change(null, false)} />;
}

function Load(props: { token: string; onRejected: () => void; onSignOut: () => void }) {
  const m = t();
  const { history, silentSinceMs } = useLoad(props.token, props.onRejected);
  const signOut = (
    <button type="button" class="icon-button" onClick={props.onSignOut}>
      {m.operator.signOut}
    </button>
  );
  return (
    <Page aside={signOut}>
      <div class="operator" data-testid="operator-load" aria-busy={history.latest === null}>
        <h1>{m.operator.heading}</h1>
        {silentSinceMs !== null && <Silent sinceMs={silentSinceMs} />}
        {history.latest ? <Numbers history={history} /> : <p role="status">{m.common.loading}</p>}
      </div>
    </Page>
  );
}

function Silent({ sinceMs }: { sinceMs: number }) {
  const seconds = useSecondsSince(sinceMs);
  return (
    <Notice tone="danger" icon="alert">
      <p>{t().operator.stale(seconds)}</p>
    </Notice>
  );
}

function Numbers({ history }: { history: LoadHistory }) {
  const m = t();
  const locale = language.value;
  const load = history.latest;
  if (!load) return null;
  const heads = [
    [m.operator.rooms, formatNumber(load.totals.rooms, locale), "rooms"],
    [m.operator.participants, formatNumber(load.totals.participants, locale), "participants"],
    [m.operator.tracks, formatNumber(load.totals.publishers_tracks, locale), "tracks"],
    [m.operator.uptime, formatUptime(load.uptime_s, m), "uptime"],
  ] as const;
  const group = { load, samples: history.samples };
  const alarms = alarmsOf(history.samples);
  return (
    <>
      <p class="operator__sub">
        {m.operator.live}. {m.operator.version} {load.version}
      </p>
      <AlarmSummary alarms={alarms} />
      <dl class="heads">
        {heads.map(([label, value, key]) => (
          <div key={key} class="heads__item">
            <dt>{label}</dt>
            <dd data-testid={`operator-${key}`}>{value}</dd>
          </div>
        ))}
      </dl>
      <Group title={m.operator.groups.media} note={m.operator.history}>
        <StreamCards {...group} />
      </Group>
      <Group title={m.operator.groups.quality}>
        <QualityCards {...group} alarms={alarms} />
      </Group>
      <Group title={m.operator.rooms}>
        <RoomsTable rooms={load.rooms} />
      </Group>
      <Group title={m.operator.groups.machine}>
        <MachineCards {...group} />
      </Group>
    </>
  );
}

function Group(props: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <section class="operator__group">
      <h2>
        {props.title}
        {props.note && <span class="operator__note"> {props.note}</span>}
      </h2>
      {props.children}
    </section>
  );
}
