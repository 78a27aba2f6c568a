import { s } from "../i18n/school/index.ts";
import { Dialog } from "./dialog.tsx";
import { BusyButton, Problem, useForm } from "./form.tsx";

/** Asks before something that matters: what will happen, in whole sentences. `onDone` follows the action. */
export function Confirm(props: {
  title: string;
  text: readonly string[];
  action: string;
  dangerous?: boolean;
  act: () => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
}) {
  const form = useForm({}, {}, async () => {
    await props.act();
    props.onDone();
  });
  return (
    <Dialog title={props.title} onClose={props.onClose} testId="confirm-dialog">
      <form class="form" onSubmit={form.submit}>
        {props.text.map((line) => (
          <p key={line}>{line}</p>
        ))}
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          <button type="button" class="button button--quiet" onClick={props.onClose}>
            {s().common.cancel}
          </button>
          <BusyButton
            busy={form.busy}
            class={props.dangerous ? "button--danger" : "button--primary"}
            testId="confirm-action"
          >
            {props.action}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}
