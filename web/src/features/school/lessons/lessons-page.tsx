import { useState } from "preact/hooks";
import type { OccurrenceAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Link } from "../../../ui/link.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { CalendarDialog } from "./calendar-dialog.tsx";
import { LessonDialog } from "./lesson-dialog.tsx";
import { LessonForm } from "./lesson-form.tsx";
import { LessonRows } from "./lesson-rows.tsx";
import { byDay, dateOf, mayChange, rangeFrom } from "./times.ts";

type Open =
  | { readonly kind: "plan" }
  | { readonly kind: "calendar" }
  | { readonly kind: "lesson"; readonly occurrence: OccurrenceAnswer }
  | { readonly kind: "change"; readonly occurrence: OccurrenceAnswer };

/** What takes place today and in the next two weeks. */
export function LessonsPage({ place }: PageProps) {
  const m = s().lessons;
  const path = { organisation: place.organisation.id };
  const found = useResource(
    async () => ({
      ...(await call("GET /api/organisations/{organisation}/schedule", {
        path,
        query: rangeFrom(new Date()),
      })),
      ...(await call("GET /api/organisations/{organisation}/groups", { path })),
    }),
    [],
  );
  const [open, setOpen] = useState<Open | null>(null);
  const isHead = place.roles.has("head");
  const mayPlan = isHead || place.roles.has("teacher");
  const seesRecordings = mayPlan || place.roles.has("methodologist");
  const close = () => setOpen(null);
  const plan = mayPlan && (
    <button
      type="button"
      class="button button--primary"
      data-testid="plan-lesson"
      onClick={() => setOpen({ kind: "plan" })}
    >
      <Icon name="plus" size={20} />
      {m.plan}
    </button>
  );
  const calendar = (
    <button type="button" class="button" onClick={() => setOpen({ kind: "calendar" })}>
      <Icon name="calendar" size={20} />
      {m.ownCalendar}
    </button>
  );
  return (
    <SchoolPage
      title={m.pageTitle}
      testId="lessons-page"
      tools={
        found.data?.occurrences.length !== 0 && (
          <>
            {plan}
            {mayPlan && (
              <Link class="button" href="/journal" testId="to-journal">
                <Icon name="journal" size={20} />
                {s().attendance.pageTitle}
              </Link>
            )}
            {seesRecordings && place.organisation.recording && (
              <Link class="button" href="/recordings" testId="to-all-recordings">
                <Icon name="record" size={20} />
                {s().recordings.pageTitle}
              </Link>
            )}
            {calendar}
          </>
        )
      }
    >
      <Loaded from={found}>
        {({ occurrences, groups }) => (
          <>
            {occurrences.length > 0 ? (
              <Days
                occurrences={occurrences}
                onOpen={(occurrence) => setOpen({ kind: "lesson", occurrence })}
              />
            ) : (
              <div class="card-box">
                <Empty heading={m.empty} text={mayPlan ? m.emptyText : m.emptyOthers}>
                  {plan}
                </Empty>
              </div>
            )}
            {(open?.kind === "plan" || open?.kind === "change") && (
              <LessonForm
                place={place}
                groups={groups}
                lesson={open.kind === "change" ? open.occurrence.lesson : null}
                onChange={found.reload}
                onClose={close}
              />
            )}
            {open?.kind === "lesson" && (
              <LessonDialog
                occurrence={open.occurrence}
                groups={groups}
                mayChange={mayChange(open.occurrence.lesson, isHead, place.me)}
                seesRecordings={seesRecordings}
                onEdit={() => setOpen({ kind: "change", occurrence: open.occurrence })}
                onChange={found.reload}
                onClose={close}
              />
            )}
          </>
        )}
      </Loaded>
      {open?.kind === "calendar" && <CalendarDialog onClose={close} />}
    </SchoolPage>
  );
}

function Days(props: {
  occurrences: readonly OccurrenceAnswer[];
  onOpen: (occurrence: OccurrenceAnswer) => void;
}) {
  const m = s().lessons;
  const today = dateOf(new Date());
  const days = byDay(props.occurrences);
  const ofToday = days.find(([day]) => day === today)?.[1] ?? [];
  const later = days.filter(([day]) => day !== today);
  return (
    <>
      <section class="card-box card-box--calling">
        <h2>{m.today}</h2>
        {ofToday.length === 0 && <p class="soft">{m.todayNone}</p>}
        <LessonRows occurrences={ofToday} onOpen={props.onOpen} />
      </section>
      <section class="card-box">
        <h2>{m.coming}</h2>
        {later.length === 0 && <p class="soft">{m.comingNone}</p>}
        {later.map(([day, ofDay]) => (
          <LessonRows key={day} day={ofDay[0]?.starts_at} occurrences={ofDay} onOpen={props.onOpen} />
        ))}
      </section>
    </>
  );
}
