import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";

export interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly testId: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** A second look at what is hard to undo. The way back comes first and has the focus. */
export function Confirm({ title, text, action, testId, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} testId={testId}>
      <p>{text}</p>
      <div class="confirm__actions">
        <button type="button" class="button button--quiet" onClick={onClose}>
          {c().cancel}
        </button>
        <button
          type="button"
          class="button button--danger"
          data-testid={`${testId}-yes`}
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
