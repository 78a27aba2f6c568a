import { useState } from "preact/hooks";
import type { Role, StaffInvitationAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import {
  BusyButton,
  isEmail,
  Problem,
  required,
  SelectField,
  TextField,
  useForm,
} from "../../../ui/form.tsx";
import { Handover } from "../../../ui/handover.tsx";
import { ASKABLE } from "../../entrance/register.tsx";

/** A link for somebody of the staff, which is shown once. */
export function InviteDialog(props: { organisation: string; onMade: () => void; onClose: () => void }) {
  const m = s();
  const [made, setMade] = useState<StaffInvitationAnswer | null>(null);
  const form = useForm(
    { name: "", email: "", role: "teacher" },
    { name: required, email: isEmail },
    async (values) => {
      const body = { name: values.name.trim(), email: values.email.trim(), role: values.role as Role };
      const path = { organisation: props.organisation };
      setMade(await call("POST /api/organisations/{organisation}/staff-invitations", { path, body }));
      props.onMade();
    },
  );
  if (made?.link)
    return (
      <Dialog title={m.people.linkHeading} onClose={props.onClose} testId="invitation-link">
        <p>{m.people.linkText(made.name)}</p>
        <Handover label={m.people.linkLabel} link={made.link} />
      </Dialog>
    );
  return (
    <Dialog title={m.people.invite} onClose={props.onClose} testId="invite-dialog">
      <form class="form" noValidate onSubmit={form.submit}>
        <p class="soft">{m.people.inviteText}</p>
        <TextField form={form} name="name" label={m.fields.name} />
        <TextField form={form} name="email" type="email" label={m.fields.email} />
        <SelectField
          form={form}
          name="role"
          label={m.fields.role}
          hint={m.rolesMeaning[form.values.role as Role]}
          options={ASKABLE.map((role) => [role, m.roles[role]] as const)}
        />
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <BusyButton busy={form.busy} testId="submit-invite">
            {m.people.inviteSubmit}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
