import type { ComponentChildren } from "preact";
import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";

export interface MenuProps {
  /** Whose actions these are. */
  readonly name: string;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
  readonly children: ComponentChildren;
}

/** More actions for one person: a sheet from below on phones, a small dialog elsewhere. An action closes it. */
export function Menu({ name, open, onOpen, children }: MenuProps) {
  return (
    <>
      <button
        type="button"
        class="icon-button"
        data-testid="more"
        aria-haspopup="dialog"
        aria-label={c().more(name)}
        onClick={() => onOpen(true)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <Dialog title={name} onClose={() => onOpen(false)} testId="menu">
          {/* biome-ignore lint/a11y/noStaticElementInteractions: catches what the buttons inside do. */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: a key on a button inside makes a click. */}
          <div
            class="acts"
            onClick={(event) => {
              if (event.target instanceof Element && event.target.closest(".acts__item")) onOpen(false);
            }}
          >
            {children}
          </div>
        </Dialog>
      )}
    </>
  );
}
