import { useState } from "preact/hooks";
import type { AgeBand, ContentAnswer, ContentBody, GroupAnswer, Programme } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import {
  AreaField,
  BusyButton,
  type Check,
  Problem,
  required,
  SelectField,
  TextField,
  useForm,
} from "../../../ui/form.tsx";
import { Ticks } from "../../../ui/ticks.tsx";
import { ageOptions } from "../groups/group-dialog.tsx";
import { dateOf } from "../lessons/times.ts";
import type { Place } from "../session.ts";
import { basisOf, basisText, endOfDay, lastDay } from "./basis.ts";
import { AGE_MARKS } from "./filters.tsx";

const MOST_LINE = 500;
const MOST_TEXT = 2000;

const atMost =
  (most: number): Check =>
  (value) =>
    value.trim().length > most ? l().form.long(most) : null;

/** What is written of content: of a new draft, or all of it changed. */
export function ContentForm(props: {
  place: Place;
  groups: readonly GroupAnswer[];
  content: ContentAnswer | null;
  onSaved: (saved: ContentAnswer) => void;
  onClose: () => void;
}) {
  const m = l().form;
  const { content, place } = props;
  const [groups, setGroups] = useState<readonly string[]>(content?.groups ?? []);
  const basis = basisOf(content?.basis ?? "");
  const form = useForm(
    {
      title: content?.title ?? "",
      programme: content?.programme ?? "basic",
      ageMark: String(content?.age_mark ?? 0),
      description: content?.description ?? "",
      age: content?.age ?? "",
      licence: content?.licence ?? "",
      basisKind: basis.kind,
      basis: basis.text,
      validUntil: content?.valid_until ? lastDay(content.valid_until) : "",
    },
    {
      title: required,
      description: atMost(MOST_TEXT),
      licence: atMost(MOST_LINE),
      // The name of the kind stands before it.
      basis: atMost(MOST_LINE - 60),
      validUntil: (value) => (value !== "" && value < dateOf(new Date()) ? m.past : null),
    },
    async (values) => {
      const body: ContentBody = {
        title: values.title.trim(),
        programme: values.programme as Programme,
        age_mark: Number(values.ageMark) as ContentBody["age_mark"],
        description: values.description.trim(),
        age: (values.age || null) as AgeBand | null,
        licence: values.licence.trim(),
        basis: basisText(values.basisKind, values.basis),
        valid_until: values.validUntil ? endOfDay(values.validUntil) : null,
        groups,
      };
      const saved = content
        ? await call("PUT /api/content/{content}", { path: { content: content.id }, body })
        : await call("POST /api/organisations/{organisation}/content", {
            path: { organisation: place.organisation.id },
            body,
          });
      props.onClose();
      props.onSaved(saved);
    },
  );
  return (
    <Dialog title={content ? m.changeTitle : m.newTitle} onClose={props.onClose} testId="content-form">
      {!content && <p class="soft">{m.newText}</p>}
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="title" label={m.title} hint={m.titleHint} />
        <div class="form__pair">
          <SelectField
            form={form}
            name="programme"
            label={m.programme}
            options={Object.entries(s().lessons.programmes)}
          />
          <SelectField
            form={form}
            name="ageMark"
            label={m.ageMark}
            options={AGE_MARKS.map((mark) => [String(mark), l().ageMark(mark)] as const)}
          />
        </div>
        <AreaField form={form} name="description" label={m.description} rows={3} />
        <SelectField
          form={form}
          name="age"
          label={m.age}
          hint={m.ageHint}
          options={[["", m.anyAge], ...ageOptions()]}
        />
        <TextField form={form} name="licence" label={m.licence} hint={m.licenceHint} />
        <SelectField
          form={form}
          name="basisKind"
          label={m.basisKind}
          options={Object.entries(m.basisKinds)}
        />
        <TextField
          form={form}
          name="basis"
          label={form.values.basisKind === "list" ? m.basisList : m.basisMinutes}
          hint={m.basisHint}
        />
        <TextField form={form} name="validUntil" type="date" label={m.validUntil} hint={m.validHint} />
        <Ticks
          legend={m.groups}
          hint={m.groupsHint}
          options={props.groups.map(({ id, name }) => [id, name] as const)}
          chosen={groups}
          onChange={setGroups}
        />
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="save-content">
            {content ? s().common.save : m.create}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
