import { useState } from "preact/hooks";
import type { Attended } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { Select } from "../../../ui/form.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { AttendedTable } from "./attended-table.tsx";
import { Downloads } from "./downloads.tsx";
import { Present } from "./present.tsx";
import { minutes, totals } from "./totals.ts";

/** Who was in a lesson and how long; while it goes on, who is there now. */
export function AttendancePage({ id }: PageProps & { id: string }) {
  const m = s().attendance;
  const path = { lesson: id };
  const found = useResource(
    async () => ({
      occurrence: await call("GET /api/schedule/{lesson}", { path }),
      ...(await call("GET /api/schedule/{lesson}/attendance", { path, query: {} })),
    }),
    [],
  );
  const title = found.data?.occurrence.lesson.title;
  return (
    <SchoolPage
      title={title ? m.ofLesson(title) : m.pageTitle}
      lead={m.lead}
      back="/lessons"
      testId="attendance-page"
    >
      <Loaded from={found}>
        {({ occurrence, rows }) => (
          <>
            {occurrence.state === "live" && <Present lesson={id} />}
            <Times lesson={id} rows={rows} />
          </>
        )}
      </Loaded>
    </SchoolPage>
  );
}

function Times({ lesson, rows }: { lesson: string; rows: readonly Attended[] }) {
  const m = s().attendance;
  const times = [...new Set(rows.map(({ starts_at }) => starts_at))].sort().reverse();
  const [chosen, setChosen] = useState<string | null>(null);
  const time = chosen ?? times[0];
  if (time === undefined) return <p class="soft card-box">{m.none}</p>;
  const shown = rows.filter((row) => row.starts_at === time);
  const sum = totals(shown);
  const day = (at: string) => `${formatDay(at)}, ${formatTime(at)}`;
  return (
    <section class="card-box">
      <div class="card-box__head">
        <h2>{m.table}</h2>
        {times.length === 1 ? (
          <span class="soft">{day(time)}</span>
        ) : (
          <Select
            label={m.when}
            testId="attendance-time"
            value={time}
            options={times.map((at) => [at, day(at)] as const)}
            onChoose={setChosen}
          />
        )}
      </div>
      <p class="soft">{m.totals(sum.lessons, sum.people, minutes(sum.seconds))}</p>
      <AttendedTable rows={shown} />
      <Downloads
        csv={address("GET /api/schedule/{lesson}/attendance.csv", {
          path: { lesson },
          query: { starts_at: time },
        })}
        xlsx={address("GET /api/schedule/{lesson}/attendance.xlsx", {
          path: { lesson },
          query: { starts_at: time },
        })}
      />
    </section>
  );
}
