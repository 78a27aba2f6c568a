import { useState } from "preact/hooks";
import type { Me } from "../../../api/schema.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { StateTag } from "../../../ui/badge.tsx";
import { BusyButton } from "../../../ui/form.tsx";
import { Link } from "../../../ui/link.tsx";
import { Empty } from "../../../ui/loaded.tsx";
import { SchoolPage } from "../../../ui/school-page.tsx";
import { place, refresh } from "../session.ts";

/** For somebody whose roles are not confirmed. */
export function Waiting({ me }: { me: Me }) {
  const m = s();
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    await refresh();
    setBusy(false);
    if (place.value === null) announce(m.home.stillWaiting);
  };
  const [first] = me.roles;
  return (
    <SchoolPage title={m.home.pageTitle} heading={m.home.greeting(me.name)} testId="waiting">
      {first ? (
        <section class="card-box">
          <Empty heading={m.home.waitingHeading} text={m.home.waitingText(first.organisation.name)}>
            <ul class="chips">
              {me.roles.map((role) => (
                <li key={role.id} class="chips">
                  <span class="tag">{m.roles[role.role]}</span> <StateTag state={role.state} />
                </li>
              ))}
            </ul>
            <BusyButton type="button" busy={busy} onClick={() => void check()}>
              {m.home.checkAgain}
            </BusyButton>
          </Empty>
        </section>
      ) : (
        <section class="card-box">
          <Empty heading={m.home.noRoleHeading} text={m.home.noRoleText}>
            <Link class="button button--primary" href="/account">
              {m.nav.account}
            </Link>
          </Empty>
        </section>
      )}
    </SchoolPage>
  );
}
