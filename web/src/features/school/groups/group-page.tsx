import { useState } from "preact/hooks";
import type { GroupAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { navigate } from "../../../navigation.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Link } from "../../../ui/link.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { GroupDialog } from "./group-dialog.tsx";
import { GroupTeachers } from "./group-teachers.tsx";

export function GroupPage({ place, id }: PageProps & { id: string }) {
  const m = s();
  const path = { group: id };
  const found = useResource(() => call("GET /api/groups/{group}", { path }), []);
  const [open, setOpen] = useState<"change" | "remove" | null>(null);
  const isHead = place.roles.has("head");
  const group = found.data;
  return (
    <SchoolPage
      title={group?.name ?? m.groups.pageTitle}
      back="/groups"
      testId="group-page"
      tools={
        isHead &&
        group && (
          <>
            <button type="button" class="button" onClick={() => setOpen("change")}>
              {m.common.change}
            </button>
            <button type="button" class="button button--quiet" onClick={() => setOpen("remove")}>
              {m.common.remove}
            </button>
          </>
        )
      }
    >
      <Loaded from={found}>
        {(known) => (
          <>
            <p>
              <span class="tag">{m.ages[known.age]}</span>
            </p>
            <GroupTeachers group={known} mayChange={isHead} onChange={found.reload} />
            {(isHead || place.me.groups.includes(id)) && (
              <div>
                <Link class="button" href={`/groups/${id}/links`} testId="to-sheet">
                  {m.links.sheet}
                </Link>
              </div>
            )}
            {(isHead || place.me.groups.includes(id)) && <GroupFamilies group={known} />}
          </>
        )}
      </Loaded>
      {open === "change" && group && (
        <GroupDialog
          title={m.groups.changeTitle}
          group={group}
          save={async (body) => {
            await call("PATCH /api/groups/{group}", { path, body });
            await found.reload();
          }}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "remove" && group && (
        <Confirm
          title={m.groups.removeTitle}
          text={[m.groups.removeText(group.name)]}
          action={m.common.remove}
          dangerous
          act={() => call("DELETE /api/groups/{group}", { path })}
          onDone={() => {
            announce(m.groups.removed(group.name));
            navigate("/groups", "replace");
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </SchoolPage>
  );
}

function GroupFamilies({ group }: { group: GroupAnswer }) {
  const m = s().groups;
  const path = { organisation: group.organisation };
  const query = { group: group.id };
  const found = useResource(
    () => call("GET /api/organisations/{organisation}/families", { path, query }),
    [],
  );
  return (
    <section class="card-box">
      <div class="card-box__head">
        <h2>{m.families}</h2>
        <Link class="standing-link" href="/families">
          {m.allFamilies}
        </Link>
      </div>
      <Loaded from={found}>
        {({ families }) =>
          families.length === 0 ? (
            <p class="soft">{m.noFamilies}</p>
          ) : (
            <ul class="rows">
              {families.map((family) => (
                <li key={family.id} class="row">
                  <div class="row__main">
                    <p class="row__title">{family.name}</p>
                    <p class="row__note">
                      {family.children
                        .filter((child) => child.group === group.id)
                        .map((child) => child.first_name ?? s().families.withoutName)
                        .join(", ")}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}
