import type { ConsentPurpose, DocumentAnswer, WithoutConsent } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import {
  AreaField,
  BusyButton,
  Problem,
  required,
  SelectField,
  TextField,
  useForm,
} from "../../../ui/form.tsx";

const MOST = 50_000;

/** A document, or the next version of one. */
export function DocumentDialog(props: {
  organisation: string;
  purpose: ConsentPurpose;
  known: DocumentAnswer | null;
  onChange: () => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const { known, purpose } = props;
  const form = useForm(
    {
      title: known?.title ?? m.consents.purposes[purpose],
      text: known?.text ?? "",
      without: known?.without ?? (purpose === "calls" ? "out" : "nothing"),
      counts: known?.required ? "asked" : "withdrawn",
    },
    {
      title: required,
      text: (value) => {
        if (value.trim() === "") return m.faults.missing;
        return value.length > MOST ? m.consents.fault : null;
      },
    },
    async ({ title, text, without, counts }) => {
      const path = { organisation: props.organisation };
      const body = {
        purpose,
        title: title.trim(),
        text: text.trim(),
        without: without as WithoutConsent,
        required: counts === "asked",
      };
      await call("POST /api/organisations/{organisation}/consents", { path, body });
      announce(m.common.saved);
      props.onClose();
      await props.onChange();
    },
  );
  return (
    <Dialog
      title={m.consents.dialogTitle(m.consents.purposes[purpose])}
      onClose={props.onClose}
      testId="document-dialog"
    >
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="title" label={m.consents.title} />
        <AreaField form={form} name="text" label={m.consents.text} hint={m.consents.textHint} rows={10} />
        <SelectField
          form={form}
          name="without"
          label={m.consents.without}
          options={Object.entries(m.consents.withouts)}
        />
        {form.values.without !== "nothing" && (
          <SelectField
            form={form}
            name="counts"
            label={m.consents.counts}
            options={Object.entries(m.consents.countings)}
          />
        )}
        {known && <p class="soft">{m.consents.republishNote}</p>}
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="publish-document">
            {m.consents.publish}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
