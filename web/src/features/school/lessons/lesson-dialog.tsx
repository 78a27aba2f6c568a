import { useState } from "preact/hooks";
import type { GroupAnswer, OccurrenceAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { formatTime, s } from "../../../i18n/school/index.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Link } from "../../../ui/link.tsx";
import { LessonLinks } from "../links/lesson-links.tsx";
import { LessonPasses } from "../links/lesson-passes.tsx";
import { formatWeekday } from "./lesson-rows.tsx";

/** One time of a lesson: when, for whom, its links, and what its host may do with it. */
export function LessonDialog(props: {
  occurrence: OccurrenceAnswer;
  groups: readonly GroupAnswer[];
  mayChange: boolean;
  seesRecordings: boolean;
  onEdit: () => void;
  onChange: () => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const words = m.lessons;
  const { lesson, starts_at, ends_at, state } = props.occurrence;
  const [cancelling, setCancelling] = useState<"one" | "all" | null>(null);
  const path = { lesson: lesson.id };
  if (cancelling)
    return (
      <Confirm
        title={words.cancelTitle}
        text={[words.cancelText(lesson.title)]}
        action={lesson.recurrence ? (cancelling === "one" ? words.cancelOne : words.cancelAll) : words.cancel}
        dangerous
        act={() =>
          call("POST /api/schedule/{lesson}/cancellation", {
            path,
            body: cancelling === "one" ? { starts_at } : {},
          })
        }
        onDone={() => {
          props.onClose();
          void props.onChange();
        }}
        onClose={props.onClose}
      />
    );
  const names = props.groups.filter(({ id }) => lesson.groups.includes(id)).map(({ name }) => name);
  return (
    <Dialog title={lesson.title} onClose={props.onClose} testId="lesson-dialog">
      <div>
        <p>
          {formatWeekday(starts_at)}, {formatTime(starts_at)}–{formatTime(ends_at)}
        </p>
        <p class="soft">{[words.kinds[lesson.kind], words.programmes[lesson.programme]].join(" · ")}</p>
        {names.length > 0 && <p class="soft">{names.join(", ")}</p>}
        {lesson.host && <p class="soft">{words.leads(lesson.host.name)}</p>}
        {lesson.too_long && lesson.limit_minutes !== null && <p>{words.tooLong(lesson.limit_minutes)}</p>}
      </div>
      <div class="form__actions">
        {state === "live" && (
          <Link class="button button--primary" href={`/lessons/${lesson.id}`}>
            {words.join}
          </Link>
        )}
        {props.mayChange && (
          <button type="button" class="button" data-testid="change-lesson" onClick={props.onEdit}>
            {m.common.change}
          </button>
        )}
        {props.mayChange && (
          <Link class="button" href={`/lessons/${lesson.id}/attendance`} testId="to-attendance">
            <Icon name="journal" size={20} />
            {m.attendance.open}
          </Link>
        )}
        {lesson.recording && props.seesRecordings && (
          <Link class="button" href={`/lessons/${lesson.id}/recordings`} testId="to-recordings">
            <Icon name="record" size={20} />
            {m.recordings.open}
          </Link>
        )}
        <a class="button" href={address("GET /api/schedule/{lesson}/calendar.ics", { path })} download>
          <Icon name="calendar" size={20} />
          {words.calendar}
        </a>
      </div>
      {props.mayChange && <LessonLinks lesson={lesson.id} />}
      {props.mayChange && <LessonPasses lesson={lesson.id} />}
      {props.mayChange && (state === "before" || state === "live") && (
        <div class="form__actions">
          {lesson.recurrence ? (
            <>
              <button type="button" class="button button--quiet" onClick={() => setCancelling("one")}>
                {words.cancelOne}
              </button>
              <button type="button" class="button button--quiet" onClick={() => setCancelling("all")}>
                {words.cancelAll}
              </button>
            </>
          ) : (
            <button
              type="button"
              class="button button--quiet"
              data-testid="cancel-lesson"
              onClick={() => setCancelling("all")}
            >
              {words.cancel}
            </button>
          )}
        </div>
      )}
    </Dialog>
  );
}
