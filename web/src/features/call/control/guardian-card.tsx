import { c } from "../../../i18n/control/index.ts";
import { Clearing } from "../../../ui/picture.tsx";

/** While no confirmed adult is there: a calm picture, what is going on, and that all comes back by itself. */
export function GuardianCard({ begun }: { begun: boolean }) {
  const m = c().unattended;
  return (
    <div class="guardian" data-testid="guardian-card" role="status">
      <Clearing class="guardian__picture" />
      <h2>{m.heading}</h2>
      <p>{begun ? m.away : m.before}</p>
      {begun && <p>{m.after}</p>}
    </div>
  );
}
