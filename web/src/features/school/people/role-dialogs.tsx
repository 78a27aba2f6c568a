import type { HeldRole, MemberAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";

export interface Decision {
  readonly kind: "confirm" | "refuse" | "revoke";
  readonly member: MemberAnswer;
  readonly role: HeldRole;
}

/** What a decision on a role means, before it is made. */
export function RoleDialog(props: {
  decision: Decision;
  onChange: () => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const { kind, member, role } = props.decision;
  const words = m.people;
  const name = m.roles[role.role];
  const texts = {
    confirm: [words.confirmText(member.name, name), words.confirmAdvice],
    refuse: [words.refuseText(member.name, name)],
    revoke: [words.revokeText(member.name, name), words.revokeAdvice],
  };
  const titles = {
    confirm: words.confirmTitle,
    refuse: words.refuseTitle,
    revoke: words.revokeTitle,
  };
  const path = { role: role.id };
  return (
    <Confirm
      title={titles[kind]}
      text={texts[kind]}
      action={words[kind]}
      dangerous={kind !== "confirm"}
      act={() =>
        kind === "confirm"
          ? call("POST /api/roles/{role}/confirmation", { path })
          : call("POST /api/roles/{role}/revocation", { path })
      }
      onDone={() => {
        announce(kind === "confirm" ? words.confirmed(member.name) : words.revoked(member.name));
        props.onClose();
        void props.onChange();
      }}
      onClose={props.onClose}
    />
  );
}
