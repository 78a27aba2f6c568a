import type { OccurrenceAnswer } from "../../../api/schema.ts";
import { language } from "../../../i18n/index.ts";
import { formatTime, s } from "../../../i18n/school/index.ts";
import { Badge } from "../../../ui/badge.tsx";
import { Link } from "../../../ui/link.tsx";

/** "Monday, 30 November", in the viewer's own zone. */
export function formatWeekday(iso: string): string {
  const locale = language.value === "en" ? "en-GB" : "ru";
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }).format(
    new Date(iso),
  );
}

/** Lessons of one day. */
export function LessonRows(props: {
  day?: string | undefined;
  occurrences: readonly OccurrenceAnswer[];
  onOpen: (occurrence: OccurrenceAnswer) => void;
}) {
  return (
    <div class="day">
      {props.day && <h3 class="day__name">{formatWeekday(props.day)}</h3>}
      <ul class="rows">
        {props.occurrences.map((occurrence) => (
          <LessonRow key={occurrence.room} occurrence={occurrence} onOpen={() => props.onOpen(occurrence)} />
        ))}
      </ul>
    </div>
  );
}

function LessonRow({ occurrence, onOpen }: { occurrence: OccurrenceAnswer; onOpen: () => void }) {
  const m = s().lessons;
  const { lesson, state, participants } = occurrence;
  return (
    <li class="row lesson-row" data-testid="lesson">
      <time class="lesson-row__time" dateTime={occurrence.starts_at}>
        {formatTime(occurrence.starts_at)}
      </time>
      <div class="row__main">
        <p class="row__title">
          {lesson.title}
          {state === "live" && <span class="tag tag--waiting">{m.states.live}</span>}
          {(state === "after" || state === "cancelled") && <span class="tag">{m.states[state]}</span>}
        </p>
        <p class="row__note">
          {[m.kinds[lesson.kind], m.minutesShort(lesson.minutes), participants > 0 && m.inside(participants)]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {lesson.host && (
          <p class="row__note chips">
            {lesson.host.name} {lesson.host.badge && <Badge role={lesson.host.badge} />}
          </p>
        )}
      </div>
      <div class="row__actions">
        {state === "live" && (
          <Link
            class="button button--primary button--small"
            href={`/lessons/${lesson.id}`}
            testId="join-lesson"
          >
            {m.join}
          </Link>
        )}
        <button
          type="button"
          class="button button--quiet button--small"
          aria-label={`${m.open}: ${lesson.title}`}
          data-testid="open-lesson"
          onClick={onOpen}
        >
          {m.open}
        </button>
      </div>
    </li>
  );
}
