import { useEffect } from "preact/hooks";
import { type Catalogue, t } from "../../i18n/index.ts";
import { announce } from "../../ui/announcer.tsx";
import { Icon } from "../../ui/icon.tsx";
import type { Verdict } from "./model.ts";

/** What is at fault and what to do. A newer server may know codes that this page does not. */
export function verdictWords(verdict: Verdict, m: Catalogue): { heading: string; advice: string } {
  const words = m.verdict.faults[verdict.fault];
  const codes: Record<string, string> = m.verdict.codes;
  return { heading: words.heading, advice: codes[verdict.code] ?? words.advice };
}

/** Calm, out of the way of the pictures, and gone when the person has read it. */
export function VerdictBanner({ verdict, onClose }: { verdict: Verdict; onClose: () => void }) {
  const m = t();
  const { heading, advice } = verdictWords(verdict, m);
  useEffect(() => announce(`${heading}. ${advice}`), [verdict.code]);
  return (
    <div class="banner banner--verdict" data-testid="verdict" data-fault={verdict.fault}>
      <Icon name="info" size={20} />
      <div class="verdict">
        <p>
          <strong>{heading}.</strong> {advice}
        </p>
        <p class="verdict__code">
          {m.common.code}: <code data-testid="verdict-code">{verdict.code}</code>
        </p>
      </div>
      <button type="button" class="icon-button" aria-label={m.common.close} onClick={onClose}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}
