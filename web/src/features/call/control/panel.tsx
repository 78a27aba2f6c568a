import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icon.tsx";

export interface PanelProps {
  readonly title: string;
  /** Beside the title, such as how many there are. */
  readonly note?: ComponentChildren;
  readonly testId: string;
  /** False where it opened by itself: what somebody is doing goes on. */
  readonly takesFocus?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Beside the pictures on wide screens, beneath them on phones. Escape closes it. */
export function Panel({ title, note, testId, takesFocus = true, onClose, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!takesFocus) return;
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      ref={panel}
      class="panel"
      tabIndex={-1}
      aria-label={title}
      data-testid={testId}
      onKeyDown={(event) => {
        // A dialog that a panel has opened closes by itself.
        const inDialog = event.target instanceof Element && event.target.closest("dialog");
        if (event.key === "Escape" && !inDialog) onClose();
      }}
    >
      <div class="panel__head">
        <h2>
          {title} {note !== undefined && <span class="panel__note">{note}</span>}
        </h2>
        <button type="button" class="icon-button" aria-label={t().common.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </aside>
  );
}
