import { useState } from "preact/hooks";
import type { StaffInvitationAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { useResource } from "../../../ui/resource.ts";

/** Invitations of staff; those that can still be used come with the way to take them back. */
export function Invitations({ organisation }: { organisation: string }) {
  const m = s();
  const path = { organisation };
  const found = useResource(
    () => call("GET /api/organisations/{organisation}/staff-invitations", { path }),
    [],
  );
  const [taken, setTaken] = useState<StaffInvitationAnswer | null>(null);
  const invitations = (found.data?.invitations ?? []).filter(({ state }) => state !== "used");
  if (invitations.length === 0) return null;
  return (
    <section class="card-box" data-testid="invitations">
      <h2>{m.people.invitations}</h2>
      <ul class="rows">
        {invitations.map((invitation) => (
          <li key={invitation.id} class="row">
            <div class="row__main">
              <p class="row__title">
                {invitation.name}
                <span class={`tag ${invitation.state === "open" ? "tag--waiting" : ""}`}>
                  {m.people.invitationStates[invitation.state] ?? invitation.state}
                </span>
              </p>
              <p class="row__note">
                {[
                  m.roles[invitation.role],
                  invitation.email,
                  invitation.state === "open" && m.people.validUntil(formatDay(invitation.expires_at)),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </div>
            {invitation.state === "open" && (
              <div class="row__actions">
                <button
                  type="button"
                  class="button button--quiet button--small"
                  aria-label={`${m.people.takeBack}: ${invitation.name}`}
                  onClick={() => setTaken(invitation)}
                >
                  {m.people.takeBack}
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {taken && (
        <Confirm
          title={m.people.takeBackTitle}
          text={[m.people.takeBackText]}
          action={m.people.takeBack}
          dangerous
          act={() => call("DELETE /api/staff-invitations/{invitation}", { path: { invitation: taken.id } })}
          onDone={() => {
            setTaken(null);
            void found.reload();
          }}
          onClose={() => setTaken(null)}
        />
      )}
    </section>
  );
}
