import { useState } from "preact/hooks";
import type { AuditAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { BusyButton, Select } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { byDay, type Kind, kindOf } from "./entries.ts";

const PAGE = 100;

/** Who did what and when, newest first. */
export function AuditPage({ place }: PageProps) {
  const m = s().audit;
  const path = { organisation: place.organisation.id };
  const page = (before: number | null) =>
    call("GET /api/organisations/{organisation}/audit", { path, query: { before, limit: PAGE } });
  const found = useResource(() => page(null), []);
  const [older, setOlder] = useState<{ entries: readonly AuditAnswer[]; next: number | null } | null>(null);
  const [kind, setKind] = useState<Kind | "all">("all");
  const [busy, setBusy] = useState(false);
  const more = async (next: number) => {
    setBusy(true);
    try {
      const answer = await page(next);
      setOlder({ entries: [...(older?.entries ?? []), ...answer.entries], next: answer.next });
    } finally {
      setBusy(false);
    }
  };
  return (
    <SchoolPage
      title={m.pageTitle}
      lead={m.lead}
      testId="audit-page"
      tools={
        <a
          class="button"
          href={address("GET /api/organisations/{organisation}/audit.csv", { path })}
          download
        >
          <Icon name="download" size={20} />
          {m.export}
        </a>
      }
    >
      <div class="filters">
        <Select
          label={m.filter}
          testId="audit-filter"
          value={kind}
          options={Object.entries(m.kinds)}
          onChoose={(value) => setKind(value as Kind | "all")}
        />
      </div>
      <Loaded from={found}>
        {(first) => {
          const entries = [...first.entries, ...(older?.entries ?? [])];
          const shown = kind === "all" ? entries : entries.filter((entry) => kindOf(entry.action) === kind);
          const next = older ? older.next : first.next;
          return (
            <>
              {shown.length === 0 && <p class="soft">{m.empty}</p>}
              {byDay(shown).map(([day, ofDay]) => (
                <section key={day} class="card-box">
                  <h2>{formatDay(ofDay[0]?.at ?? "")}</h2>
                  <ul class="rows">
                    {ofDay.map((entry) => (
                      <Entry key={entry.number} entry={entry} />
                    ))}
                  </ul>
                </section>
              ))}
              {next !== null && (
                <div>
                  <BusyButton type="button" class="button" busy={busy} onClick={() => void more(next)}>
                    {m.more}
                  </BusyButton>
                </div>
              )}
            </>
          );
        }}
      </Loaded>
    </SchoolPage>
  );
}

function actorOf(entry: AuditAnswer): string {
  const m = s().audit;
  if (entry.actor_name) return entry.actor_name;
  if (entry.actor === "console") return m.console;
  const kind = entry.actor.slice(0, entry.actor.indexOf(":"));
  if (kind === "link" || kind === "family" || kind === "guest") return m[kind];
  return m.system;
}

function Entry({ entry }: { entry: AuditAnswer }) {
  const m = s();
  const role = entry.details["role"];
  const roleName = typeof role === "string" && role in m.roles ? m.roles[role as keyof typeof m.roles] : null;
  const target = entry.target_name === entry.actor_name ? null : entry.target_name;
  return (
    <li class="row row--line audit-entry" data-testid="audit-entry">
      <time class="audit-entry__time" dateTime={entry.at}>
        {formatTime(entry.at)}
      </time>
      <div class="row__main">
        <p class="row__title">{m.audit.actions[entry.action]}</p>
        <p class="row__note">
          {[target, roleName].filter(Boolean).join(" · ")}
          {(target || roleName) && <br />}
          {actorOf(entry)}
        </p>
      </div>
      <span class="audit-entry__number">{m.audit.number(entry.number)}</span>
    </li>
  );
}
