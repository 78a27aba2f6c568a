import { c } from "../../../i18n/control/index.ts";
import type { Control, Inside } from "../control/model.ts";

/** Who may not come back, and the way to let them. */
export function Blocked({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().people;
  const blocked = snapshot.blocked ?? [];
  if (blocked.length === 0) return null;
  return (
    <details class="expected host-section" data-testid="blocked">
      <summary>
        {m.blocked} <span class="panel__note">{blocked.length}</span>
      </summary>
      <ul class="host-list">
        {blocked.map((one) => (
          <li key={one.person} class="person">
            <span class="person__words">
              <span class="person__name">{one.name}</span>
            </span>
            <button
              type="button"
              class="button"
              data-testid="unblock"
              aria-label={m.unblockOne(one.name)}
              onClick={() => void control.send({ type: "unblock", identity: one.person })}
            >
              {m.unblock}
            </button>
          </li>
        ))}
      </ul>
      <p class="person__note">{m.unblockHint}</p>
    </details>
  );
}
