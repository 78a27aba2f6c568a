import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { AreaField, BusyButton, Problem, useForm } from "../../../ui/form.tsx";

const MOST = 300;

/** Asks for a few words before something is done with them. */
export function ReasonDialog(props: {
  title: string;
  text?: string;
  label: string;
  action: string;
  dangerous?: boolean;
  act: (reason: string) => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
}) {
  const form = useForm(
    { reason: "" },
    {
      reason: (value) => {
        if (value.trim() === "") return s().faults.missing;
        return value.trim().length > MOST ? l().form.long(MOST) : null;
      },
    },
    async ({ reason }) => {
      await props.act(reason.trim());
      props.onDone();
    },
  );
  return (
    <Dialog title={props.title} onClose={props.onClose} testId="reason-dialog">
      <form class="form" noValidate onSubmit={form.submit}>
        {props.text && <p>{props.text}</p>}
        <AreaField form={form} name="reason" label={props.label} rows={3} />
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <button type="button" class="button button--quiet" onClick={props.onClose}>
            {s().common.cancel}
          </button>
          <BusyButton
            busy={form.busy}
            class={props.dangerous ? "button--danger" : "button--primary"}
            testId="reason-action"
          >
            {props.action}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
