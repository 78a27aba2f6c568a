import { useState } from "preact/hooks";
import type { MemberAnswer } from "../../../api/schema.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Badge } from "../../../ui/badge.tsx";
import { type Decision, RoleDialog } from "./role-dialogs.tsx";

/** Roles that wait for the head, before all else. Without any there is nothing, or `whenNone`. */
export function Requests(props: {
  members: readonly MemberAnswer[];
  onChange: () => Promise<void>;
  whenNone?: string;
}) {
  const m = s();
  const [decision, setDecision] = useState<Decision | null>(null);
  const waiting = props.members.flatMap((member) =>
    member.roles.filter(({ state }) => state === "requested").map((role) => ({ member, role })),
  );
  if (waiting.length === 0 && !props.whenNone) return null;
  return (
    <section class={`card-box ${waiting.length > 0 ? "card-box--calling" : ""}`} data-testid="requests">
      <h2>{m.home.requests}</h2>
      {waiting.length === 0 && <p class="soft">{props.whenNone}</p>}
      <ul class="rows">
        {waiting.map(({ member, role }) => (
          <li key={role.id} class="row" data-testid="request">
            <div class="row__main">
              <p class="row__title">
                {member.name} {member.badge && <Badge role={member.badge} />}
              </p>
              <p class="row__note">
                {[m.roles[role.role], member.email, m.people.requestedAt(formatDay(role.requested_at))]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </div>
            <div class="row__actions">
              <button
                type="button"
                class="button button--primary button--small"
                data-testid="confirm-role"
                aria-label={`${m.people.confirm}: ${member.name}, ${m.roles[role.role]}`}
                onClick={() => setDecision({ kind: "confirm", member, role })}
              >
                {m.people.confirm}
              </button>
              <button
                type="button"
                class="button button--quiet button--small"
                data-testid="refuse-role"
                aria-label={`${m.people.refuse}: ${member.name}, ${m.roles[role.role]}`}
                onClick={() => setDecision({ kind: "refuse", member, role })}
              >
                {m.people.refuse}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {decision && (
        <RoleDialog decision={decision} onChange={props.onChange} onClose={() => setDecision(null)} />
      )}
    </section>
  );
}
