import type { AgeBand, GroupAnswer, NewGroup } from "../../../api/schema.ts";
import { s } from "../../../i18n/school/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import {
  BusyButton,
  type Option,
  Problem,
  required,
  SelectField,
  TextField,
  useForm,
} from "../../../ui/form.tsx";

export function ageOptions(): readonly Option[] {
  return Object.entries(s().ages);
}

/** Name and age of a new group or of one that there is. */
export function GroupDialog(props: {
  title: string;
  group: GroupAnswer | null;
  save: (body: NewGroup) => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const form = useForm(
    { name: props.group?.name ?? "", age: props.group?.age ?? "4-5" },
    { name: required },
    async ({ name, age }) => {
      await props.save({ name: name.trim(), age: age as AgeBand });
      props.onClose();
    },
  );
  return (
    <Dialog title={props.title} onClose={props.onClose} testId="group-dialog">
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="name" label={m.groups.name} hint={m.groups.nameHint} />
        <SelectField form={form} name="age" label={m.groups.age} options={ageOptions()} />
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="save-group">
            {props.group ? m.common.save : m.common.add}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
