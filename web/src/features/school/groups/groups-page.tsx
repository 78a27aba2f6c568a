import { useState } from "preact/hooks";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { navigate } from "../../../navigation.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { GroupDialog } from "./group-dialog.tsx";
import { GroupTiles } from "./group-tiles.tsx";

export function GroupsPage({ place }: PageProps) {
  const m = s().groups;
  const isHead = place.roles.has("head");
  const path = { organisation: place.organisation.id };
  const found = useResource(() => call("GET /api/organisations/{organisation}/groups", { path }), []);
  const [adding, setAdding] = useState(false);
  const add = (
    <button
      type="button"
      class="button button--primary"
      data-testid="add-group"
      onClick={() => setAdding(true)}
    >
      <Icon name="plus" size={20} />
      {m.add}
    </button>
  );
  return (
    <SchoolPage
      title={m.pageTitle}
      tools={isHead && found.data?.groups.length !== 0 && add}
      testId="groups-page"
    >
      <Loaded from={found}>
        {({ groups }) =>
          groups.length > 0 ? (
            <GroupTiles groups={groups} heading="h2" />
          ) : (
            <div class="card-box">
              {isHead ? (
                <Empty heading={m.empty} text={m.emptyText}>
                  {add}
                </Empty>
              ) : (
                <Empty text={m.emptyTeacher} />
              )}
            </div>
          )
        }
      </Loaded>
      {adding && (
        <GroupDialog
          title={m.add}
          group={null}
          save={async (body) => {
            const made = await call("POST /api/organisations/{organisation}/groups", { path, body });
            navigate(`/groups/${made.id}`);
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </SchoolPage>
  );
}
