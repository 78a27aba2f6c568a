import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Icon } from "./icon.tsx";

/** A modal dialog. The browser keeps the focus inside, closes it on Escape and gives the focus back. */
export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  testId?: string;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      // What it says of its closing comes later, when another dialog may have taken its place.
      gone.current = true;
      dialog?.close();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog without our help.
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby="dialog-title"
      data-testid={props.testId}
      onClose={() => {
        if (!gone.current) props.onClose();
      }}
      onClick={(event) => {
        // Only the backdrop has the dialog itself as the target: its content fills the box.
        if (event.target === ref.current) ref.current?.close();
      }}
    >
      <div class="dialog__head">
        <h2 id="dialog-title">{props.title}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={t().common.close}
          onClick={() => ref.current?.close()}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog__body">{props.children}</div>
    </dialog>
  );
}
