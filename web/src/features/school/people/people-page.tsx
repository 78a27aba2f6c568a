import { useState } from "preact/hooks";
import type { HeldRole, MemberAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Badge } from "../../../ui/badge.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Link } from "../../../ui/link.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { Invitations } from "./invitations.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { Requests } from "./requests.tsx";
import { type Decision, RoleDialog } from "./role-dialogs.tsx";

/** The staff and, for the head, guardians, requests and invitations. */
export function PeoplePage({ place }: PageProps) {
  const m = s();
  const isHead = place.roles.has("head");
  const path = { organisation: place.organisation.id };
  const staff = useResource(() => call("GET /api/organisations/{organisation}/staff", { path }), []);
  const [invites, setInvites] = useState(0);
  const [inviting, setInviting] = useState(false);
  return (
    <SchoolPage
      title={m.people.pageTitle}
      testId="people"
      tools={
        isHead && (
          <>
            <button
              type="button"
              class="button button--primary"
              data-testid="invite"
              onClick={() => setInviting(true)}
            >
              <Icon name="plus" size={20} />
              {m.people.invite}
            </button>
            <Link class="button" href="/audit" testId="to-audit">
              <Icon name="log" size={20} />
              {m.audit.pageTitle}
            </Link>
          </>
        )
      }
    >
      <Loaded from={staff}>
        {({ members }) => (
          <>
            {isHead && <Requests members={members} onChange={staff.reload} />}
            <Members
              heading={m.people.staff}
              members={members}
              own={place.me.id}
              mayRevoke={isHead}
              onChange={staff.reload}
            />
          </>
        )}
      </Loaded>
      {isHead && <Invitations key={invites} organisation={path.organisation} />}
      {isHead && <Guardians organisation={path.organisation} own={place.me.id} />}
      {staff.data && isHead && <Former members={staff.data.members} />}
      {inviting && (
        <InviteDialog
          organisation={path.organisation}
          onMade={() => setInvites((n) => n + 1)}
          onClose={() => setInviting(false)}
        />
      )}
    </SchoolPage>
  );
}

function Guardians({ organisation, own }: { organisation: string; own: string }) {
  const m = s().people;
  const path = { organisation };
  const found = useResource(() => call("GET /api/organisations/{organisation}/guardians", { path }), []);
  return (
    <Loaded from={found}>
      {({ members }) => (
        <>
          <Requests members={members} onChange={found.reload} />
          <Members
            heading={m.guardians}
            members={members}
            own={own}
            mayRevoke
            whenNone={m.guardiansNone}
            onChange={found.reload}
          />
        </>
      )}
    </Loaded>
  );
}

function Members(props: {
  heading: string;
  members: readonly MemberAnswer[];
  own: string;
  mayRevoke: boolean;
  whenNone?: string;
  onChange: () => Promise<void>;
}) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const confirmed = props.members
    .map((member) => ({ member, roles: member.roles.filter(({ state }) => state === "confirmed") }))
    .filter(({ roles }) => roles.length > 0);
  return (
    <section class="card-box" data-testid="members">
      <h2>{props.heading}</h2>
      {confirmed.length === 0 && <p class="soft">{props.whenNone}</p>}
      <ul class="rows">
        {confirmed.map(({ member, roles }) => (
          <Member
            key={member.id}
            member={member}
            roles={roles}
            isSelf={member.id === props.own}
            onRevoke={props.mayRevoke ? (role) => setDecision({ kind: "revoke", member, role }) : null}
          />
        ))}
      </ul>
      {decision && (
        <RoleDialog decision={decision} onChange={props.onChange} onClose={() => setDecision(null)} />
      )}
    </section>
  );
}

function Member(props: {
  member: MemberAnswer;
  roles: readonly HeldRole[];
  isSelf: boolean;
  onRevoke: ((role: HeldRole) => void) | null;
}) {
  const m = s();
  const { member, roles, onRevoke } = props;
  const others = roles.filter(({ role }) => role !== member.badge);
  const since = roles.map(({ confirmed_at }) => confirmed_at).sort()[0];
  return (
    <li class="row" data-testid="member">
      <div class="row__main">
        <p class="row__title">
          {member.name} {member.badge && <Badge role={member.badge} />}
        </p>
        <p class="row__note">
          {[
            props.isSelf && m.people.you,
            ...others.map(({ role }) => m.roles[role]),
            member.email,
            since && m.people.confirmedAt(formatDay(since)),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {onRevoke && (
        <div class="row__actions">
          {roles.map((role) => (
            <button
              key={role.id}
              type="button"
              class="button button--quiet button--small"
              data-testid="revoke-role"
              aria-label={`${m.people.revoke}: ${member.name}, ${m.roles[role.role]}`}
              onClick={() => onRevoke(role)}
            >
              {roles.length > 1 ? `${m.people.revoke}: ${m.roles[role.role]}` : m.people.revoke}
            </button>
          ))}
        </div>
      )}
    </li>
  );
}

/** Roles that were: history stays. */
function Former({ members }: { members: readonly MemberAnswer[] }) {
  const m = s();
  const revoked = members.flatMap((member) =>
    member.roles.filter(({ state }) => state === "revoked").map((role) => ({ member, role })),
  );
  if (revoked.length === 0) return null;
  return (
    <details class="card-box details" data-testid="former">
      <summary>
        {m.people.former} <span class="tag">{revoked.length}</span>
      </summary>
      <ul class="rows">
        {revoked.map(({ member, role }) => (
          <li key={role.id} class="row">
            <div class="row__main">
              <p class="row__title">{member.name}</p>
              <p class="row__note">
                {m.roles[role.role]}
                {role.revoked_at && ` · ${m.people.revokedAt(formatDay(role.revoked_at))}`}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}
