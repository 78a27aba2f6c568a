import { useId, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { announce } from "./announcer.tsx";

/** A link to send to somebody. */
export function Handover({ label, link }: { label: string; link: string }) {
  const id = useId();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const field = document.getElementById(id) as HTMLInputElement;
    field.select();
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
      announce(t().common.copied);
    } catch {
      // Without TLS browsers have no clipboard: the link is selected, the keyboard copies it.
      setCopied(false);
    }
  };
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {label}
      </label>
      <div class="handover__link">
        <input
          id={id}
          class="input"
          readOnly
          value={link}
          data-testid="handover-link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button button--primary" onClick={() => void copy()}>
          {copied ? t().common.copied : t().common.copy}
        </button>
      </div>
    </div>
  );
}
