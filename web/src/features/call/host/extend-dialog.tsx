import { useRef, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import type { Control } from "../control/model.ts";

const MINUTES = [3, 5, 10, 15] as const;
const MAX_REASON = 200;

interface ExtendDialogProps {
  readonly control: Control;
  /** A kind of screen; null: the lesson goes on. */
  readonly screen: string | null;
  readonly onClose: () => void;
}

/** Going on after the limit needs a reason, which the server logs. */
export function ExtendDialog({ control, screen, onClose }: ExtendDialogProps) {
  const m = c().time;
  const extended = screen === null ? m : c().screenTime;
  const [minutes, setMinutes] = useState<number>(5);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    const words = reason.trim();
    if (words === "") {
      setMissing(true);
      input.current?.focus();
      return;
    }
    const done = await (screen === null
      ? control.send({ type: "extend", minutes, reason: words })
      : control.send({ type: "extend_screen", kind: screen, minutes, reason: words }));
    if (done) onClose();
  };
  return (
    <Dialog title={extended.extendHeading} onClose={onClose} testId="extend-dialog">
      <form class="tool-form" onSubmit={(event) => void submit(event)} noValidate>
        <p>{m.extendText}</p>
        <fieldset class="choices">
          <legend class="field__label">{m.minutes}</legend>
          {MINUTES.map((choice) => (
            <label key={choice} class="choice">
              <input
                type="radio"
                name="minutes"
                checked={minutes === choice}
                onChange={() => setMinutes(choice)}
              />
              <span>{choice}</span>
            </label>
          ))}
        </fieldset>
        <div class="field">
          <label class="field__label" for="extend-reason">
            {m.reason}
          </label>
          <input
            ref={input}
            id="extend-reason"
            class="input"
            data-testid="extend-reason"
            maxLength={MAX_REASON}
            value={reason}
            aria-invalid={missing}
            aria-describedby="extend-reason-hint"
            onInput={(event) => {
              setReason(event.currentTarget.value);
              setMissing(false);
            }}
          />
          {missing ? (
            <span class="field__error" id="extend-reason-hint" role="alert">
              <Icon name="alert" size={20} />
              {m.reasonMissing}
            </span>
          ) : (
            <span class="field__hint" id="extend-reason-hint">
              {extended.reasonHint}
            </span>
          )}
        </div>
        <button type="submit" class="button button--primary button--wide" data-testid="extend-submit">
          {extended.extend}
        </button>
      </form>
    </Dialog>
  );
}
