import { useState } from "preact/hooks";
import type { Attended, GroupAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { language } from "../../../i18n/index.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { Select } from "../../../ui/form.tsx";
import { Link } from "../../../ui/link.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { Downloads } from "./downloads.tsx";
import { kindOf, minutes, monthsUntil, type PersonKind, sums, timeOf, totals } from "./totals.ts";

/** A school year, and the summer before it. */
const MONTHS = 15;

/** Attendance of a month, by participants and by lessons. */
export function JournalPage({ place }: PageProps) {
  const m = s().attendance;
  const path = { organisation: place.organisation.id };
  const [months] = useState(() => monthsUntil(new Date(), MONTHS));
  const [chosen, setChosen] = useState(months[0]?.id ?? "");
  const [group, setGroup] = useState("");
  const [kind, setKind] = useState<PersonKind | "all">("family");
  const month = months.find(({ id }) => id === chosen);
  const query = {
    after: month?.first.toISOString() ?? "",
    before: month?.next.toISOString() ?? "",
    group: group || null,
  };
  const groups = useResource(() => call("GET /api/organisations/{organisation}/groups", { path }), []);
  const found = useResource(
    () => call("GET /api/organisations/{organisation}/attendance", { path, query }),
    [chosen, group],
  );
  const own = (all: readonly GroupAnswer[]) =>
    place.roles.has("head") ? all : all.filter(({ id }) => place.me.groups.includes(id));
  return (
    <SchoolPage title={m.pageTitle} lead={m.lead} testId="journal-page">
      <div class="filters filters--three">
        <Select
          label={m.month}
          testId="journal-month"
          value={chosen}
          options={months.map(({ id, first }) => [id, monthName(first)] as const)}
          onChoose={setChosen}
        />
        <Select
          label={m.group}
          testId="journal-group"
          value={group}
          options={[
            ["", m.allGroups],
            ...own(groups.data?.groups ?? []).map(({ id, name }) => [id, name] as const),
          ]}
          onChoose={setGroup}
        />
        <Select
          label={m.who}
          testId="journal-who"
          value={kind}
          options={Object.entries(m.kinds)}
          onChoose={(value) => setKind(value as PersonKind | "all")}
        />
      </div>
      <Loaded from={found}>
        {({ rows }) => (
          <>
            <Journal rows={rows.filter(({ person }) => kind === "all" || kindOf(person) === kind)} />
            {rows.length > 0 && (
              <section class="card-box">
                <Downloads
                  csv={address("GET /api/organisations/{organisation}/attendance.csv", { path, query })}
                  xlsx={address("GET /api/organisations/{organisation}/attendance.xlsx", { path, query })}
                />
                <p class="soft">{m.filesNote}</p>
              </section>
            )}
          </>
        )}
      </Loaded>
    </SchoolPage>
  );
}

function monthName(first: Date): string {
  const locale = language.value === "en" ? "en-GB" : "ru";
  const name = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" }).format(first);
  return name.slice(0, 1).toLocaleUpperCase(locale) + name.slice(1);
}

function Journal({ rows }: { rows: readonly Attended[] }) {
  const m = s().attendance;
  if (rows.length === 0) return <p class="soft card-box">{m.noneHere}</p>;
  const sum = totals(rows);
  const byName = [...sums(rows, ({ person }) => person)].sort((a, b) =>
    a.row.name.localeCompare(b.row.name, language.value, { numeric: true }),
  );
  return (
    <>
      <p data-testid="journal-totals">{m.totals(sum.lessons, sum.people, minutes(sum.seconds))}</p>
      <section class="card-box">
        <h2 id="by-person">{m.byPerson}</h2>
        <table class="counts" aria-labelledby="by-person" data-testid="journal-people">
          <thead>
            <tr>
              <th scope="col">{m.columns.name}</th>
              <th scope="col">{m.columns.lessons}</th>
              <th scope="col">{m.columns.minutes}</th>
            </tr>
          </thead>
          <tbody>
            {byName.map(({ key, row, lessons, seconds }) => (
              <tr key={key}>
                <th scope="row">{row.name}</th>
                <td>{lessons}</td>
                <td>{minutes(seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section class="card-box">
        <h2 id="by-lesson">{m.byLesson}</h2>
        <table class="counts" aria-labelledby="by-lesson" data-testid="journal-lessons">
          <thead>
            <tr>
              <th scope="col">{m.columns.lesson}</th>
              <th scope="col">{m.columns.people}</th>
              <th scope="col">{m.columns.minutes}</th>
            </tr>
          </thead>
          <tbody>
            {sums(rows, timeOf).map(({ key, row, people, seconds }) => (
              <tr key={key}>
                <th scope="row">
                  <Link href={`/lessons/${row.lesson}/attendance`}>{row.title}</Link>
                  <span class="counts__note">
                    {formatDay(row.starts_at)}, {formatTime(row.starts_at)}
                  </span>
                </th>
                <td>{people}</td>
                <td>{minutes(seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
