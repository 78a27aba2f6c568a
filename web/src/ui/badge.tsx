import type { Role, RoleState } from "../api/schema.ts";
import { s } from "../i18n/school/index.ts";
import { BadgeSign } from "./badge-sign.tsx";

/** What the server vouches for. Only ever drawn from a `badge` that the server sent, never from a name. */
export function Badge({ role }: { role: Role }) {
  const m = s();
  return <BadgeSign badge={role} word={m.roles[role]} title={m.badge(m.roles[role])} />;
}

export function StateTag({ state }: { state: RoleState }) {
  return (
    <span class={`tag ${state === "requested" ? "tag--waiting" : ""}`} data-testid="role-state">
      {s().states[state]}
    </span>
  );
}
