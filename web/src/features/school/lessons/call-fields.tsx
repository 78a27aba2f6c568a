import type { LessonAnswer, LessonBody } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { type Form, SelectField, type Values } from "../../../ui/form.tsx";
import { useResource } from "../../../ui/resource.ts";
import type { Place } from "../session.ts";

type CallBody = Pick<LessonBody, "mode" | "lobby" | "reach" | "recording">;
type CallValues = Values & {
  readonly mode: string;
  readonly lobby: string;
  readonly reach: string;
  readonly recording: string;
};

/** How the call of a lesson is; of a new one the kind decides the mode. */
export function callValues(lesson: LessonAnswer | null) {
  return {
    mode: lesson?.mode ?? "",
    lobby: lesson?.lobby ?? "guests",
    reach: lesson?.reach ?? "everyone",
    recording: lesson?.recording ? "asked" : "off",
  };
}

export function callOf(values: CallValues): CallBody {
  const { mode, lobby, reach } = values;
  return { mode: mode || null, lobby, reach, recording: values.recording === "asked" } as CallBody;
}

/** `planned`: it has a mode already; `recorded`: whether the organisation allows recordings. */
export function CallFields<V extends CallValues>(props: {
  form: Form<V>;
  planned: boolean;
  recorded: boolean;
}) {
  const { form, planned } = props;
  const m = s().lessons;
  return (
    <details class="details" data-testid="call-fields">
      <summary>{m.fields.call}</summary>
      <div class="form">
        <SelectField
          form={form}
          name="mode"
          label={m.fields.mode}
          options={[...(planned ? [] : [["", m.modeByKind] as const]), ...Object.entries(m.modes)]}
        />
        <SelectField form={form} name="lobby" label={m.fields.lobby} options={Object.entries(m.lobbies)} />
        <SelectField form={form} name="reach" label={m.fields.reach} options={Object.entries(m.reaches)} />
        {props.recorded && (
          <SelectField
            form={form}
            name="recording"
            label={m.fields.recording}
            options={Object.entries(m.recordings)}
          />
        )}
      </div>
    </details>
  );
}

/** The one family of a consultation. */
export function FamilyField<V extends Values & { readonly family: string }>(props: {
  form: Form<V>;
  place: Place;
}) {
  const m = s().lessons.fields;
  const path = { organisation: props.place.organisation.id };
  const found = useResource(
    () => call("GET /api/organisations/{organisation}/families", { path, query: {} }),
    [],
  );
  const families = (found.data?.families ?? []).map(({ id, name }) => [id, name] as const);
  return (
    <SelectField
      form={props.form}
      name="family"
      label={m.family}
      options={[["", m.anyFamily], ...families]}
    />
  );
}
