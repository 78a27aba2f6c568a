import { useState } from "preact/hooks";
import type {
  AgeBand,
  GroupAnswer,
  LessonAnswer,
  LessonBody,
  LessonKind,
  Programme,
} from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { TIME_ZONES } from "../../../platform/time-zone.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { BusyButton, Problem, required, SelectField, TextField, useForm } from "../../../ui/form.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { Ticks } from "../../../ui/ticks.tsx";
import { ageOptions } from "../groups/group-dialog.tsx";
import type { Place } from "../session.ts";
import { CallFields, callOf, callValues, FamilyField } from "./call-fields.tsx";
import { dateOf, momentOf, type Repeat, recurrenceOf, repeatOf, timeOf } from "./times.ts";

const MOST_MINUTES = 600;
const HOUR_MS = 3_600_000;

/** A lesson is planned, or all of it changed. */
export function LessonForm(props: {
  place: Place;
  groups: readonly GroupAnswer[];
  lesson: LessonAnswer | null;
  onChange: () => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const words = m.lessons;
  const { lesson, place } = props;
  const isHead = place.roles.has("head");
  const known = lesson?.recurrence ?? null;
  const own = isHead ? props.groups : props.groups.filter(({ id }) => place.me.groups.includes(id));
  const [groups, setGroups] = useState<readonly string[]>(
    lesson?.groups ?? (own.length === 1 && own[0] ? [own[0].id] : []),
  );
  const begin = lesson ? new Date(lesson.starts_at) : nextHour();
  const limit = lesson?.too_long ? lesson.limit_minutes : null;
  const form = useForm(
    {
      title: lesson?.title ?? "",
      kind: lesson?.kind ?? "lesson",
      programme: lesson?.programme ?? "basic",
      date: dateOf(begin),
      time: timeOf(begin),
      minutes: String(lesson?.minutes ?? 20),
      age: lesson?.age ?? "",
      repeat: repeatOf(known),
      until: known?.until ?? "",
      family: lesson?.family ?? "",
      ...callValues(lesson),
    },
    {
      title: required,
      date: (value) => (value ? null : words.faults.date),
      time: (value) => (value ? null : words.faults.time),
      minutes: (value) => (Number(value) >= 1 && Number(value) <= MOST_MINUTES ? null : words.faults.minutes),
    },
    async (values) => {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const body: LessonBody = {
        title: values.title.trim(),
        kind: values.kind as LessonKind,
        programme: values.programme as Programme,
        starts_at: momentOf(values.date, values.time),
        minutes: Math.round(Number(values.minutes)),
        age: (values.age || null) as AgeBand | null,
        groups: isStaffOnly(values.kind) || ofFamily(values) ? [] : groups,
        family: ofFamily(values),
        host: lesson ? (lesson.host?.id ?? null) : place.me.id,
        time_zone: TIME_ZONES.includes(zone) ? zone : place.organisation.time_zone,
        recurrence: recurrenceOf(values.repeat as Repeat, values.until, known),
        content: lesson?.content ?? "",
        ...callOf(values),
      };
      if (lesson) await call("PUT /api/schedule/{lesson}", { path: { lesson: lesson.id }, body });
      else {
        const path = { organisation: place.organisation.id };
        await call("POST /api/organisations/{organisation}/schedule", { path, body });
      }
      announce(m.common.saved);
      props.onClose();
      await props.onChange();
    },
  );
  const repeats = Object.entries(words.repeats).filter(
    ([name]) => name !== "other" || repeatOf(known) === name,
  );
  return (
    <Dialog title={lesson ? words.changeTitle : words.planTitle} onClose={props.onClose} testId="lesson-form">
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="title" label={words.fields.title} hint={words.fields.titleHint} />
        <div class="form__pair">
          <SelectField
            form={form}
            name="kind"
            label={words.fields.kind}
            options={Object.entries(words.kinds)}
          />
          <SelectField
            form={form}
            name="programme"
            label={words.fields.programme}
            options={Object.entries(words.programmes)}
          />
          <TextField form={form} name="date" type="date" label={words.fields.date} />
          <TextField form={form} name="time" type="time" label={words.fields.time} />
          <TextField form={form} name="minutes" label={words.fields.minutes} />
          <SelectField
            form={form}
            name="age"
            label={words.fields.age}
            options={[["", words.fields.anyAge], ...ageOptions()]}
          />
        </div>
        {limit !== null && (
          <Notice tone="warning" icon="info">
            <p>{words.tooLong(limit)}</p>
          </Notice>
        )}
        {form.values.kind === "consultation" && <FamilyField form={form} place={place} />}
        {!isStaffOnly(form.values.kind) && ofFamily(form.values) === null && (
          <Ticks
            legend={words.fields.groups}
            hint={isHead ? words.fields.groupsHint : undefined}
            options={own.map(({ id, name }) => [id, name] as const)}
            chosen={groups}
            onChange={setGroups}
          />
        )}
        <div class="form__pair">
          <SelectField form={form} name="repeat" label={words.fields.repeat} options={repeats} />
          {form.values.repeat !== "once" && form.values.repeat !== "other" && (
            <TextField form={form} name="until" type="date" label={words.fields.until} />
          )}
        </div>
        <CallFields
          form={form}
          planned={lesson !== null}
          recorded={place.organisation.recording || (lesson?.recording ?? false)}
        />
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="save-lesson">
            {lesson ? m.common.save : words.plan}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}

/** A consultation may be with one family. */
function ofFamily(values: { kind: string; family: string }): string | null {
  return values.kind === "consultation" && values.family !== "" ? values.family : null;
}

function nextHour(): Date {
  return new Date(Math.ceil((Date.now() + 1) / HOUR_MS) * HOUR_MS);
}

/** Meetings of the staff have no groups. */
function isStaffOnly(kind: string): boolean {
  return kind === "working_meeting" || kind === "pedagogical_council";
}
