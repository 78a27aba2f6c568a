import { useState } from "preact/hooks";
import type { FamilyAnswer, GroupAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Select } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Link } from "../../../ui/link.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { FamilyDialog } from "./family-dialog.tsx";

/** More than so many are searched by name. */
const MANY = 8;

export function FamiliesPage({ place }: PageProps) {
  const m = s().families;
  const isHead = place.roles.has("head");
  const path = { organisation: place.organisation.id };
  const found = useResource(
    async () => ({
      ...(await call("GET /api/organisations/{organisation}/families", { path, query: {} })),
      ...(await call("GET /api/organisations/{organisation}/groups", { path })),
      pupils: (await call("GET /api/site")).pupils_data,
    }),
    [],
  );
  const [open, setOpen] = useState<FamilyAnswer | "new" | null>(null);
  const own = isHead ? null : new Set(place.me.groups);
  const tools = (
    <>
      <button
        type="button"
        class="button button--primary"
        data-testid="add-family"
        onClick={() => setOpen("new")}
      >
        <Icon name="plus" size={20} />
        {m.add}
      </button>
      {isHead && (
        <>
          <Link class="button" href="/roster" testId="to-roster">
            {m.import}
          </Link>
          <Link class="button" href="/consents" testId="to-consents">
            {s().consents.pageTitle}
          </Link>
        </>
      )}
    </>
  );
  const mayAdd = isHead || place.me.groups.length > 0;
  return (
    <SchoolPage
      title={m.pageTitle}
      tools={mayAdd && found.data?.families.length !== 0 && tools}
      testId="families-page"
    >
      <Loaded from={found}>
        {({ families, groups, pupils }) => (
          <>
            {!pupils && (
              <Notice icon="shield">
                <p data-testid="no-pupils">{m.noPupils}</p>
              </Notice>
            )}
            {families.length > 0 ? (
              <FamilyList families={families} groups={groups} onOpen={setOpen} />
            ) : (
              <div class="card-box">
                <Empty heading={m.empty} text={isHead ? m.emptyText : m.emptyTeacher}>
                  {mayAdd && <div class="message__actions">{tools}</div>}
                </Empty>
              </div>
            )}
            {open && (
              <FamilyDialog
                organisation={path.organisation}
                family={open === "new" ? null : open}
                groups={own ? groups.filter(({ id }) => own.has(id)) : groups}
                pupils={pupils}
                mayRemove={isHead}
                onChange={found.reload}
                onClose={() => setOpen(null)}
              />
            )}
          </>
        )}
      </Loaded>
    </SchoolPage>
  );
}

function isIn(family: FamilyAnswer, group: string): boolean {
  return family.groups.includes(group) || family.children.some((child) => child.group === group);
}

function FamilyList(props: {
  families: readonly FamilyAnswer[];
  groups: readonly GroupAnswer[];
  onOpen: (family: FamilyAnswer) => void;
}) {
  const m = s();
  const [group, setGroup] = useState("");
  const [wanted, setWanted] = useState("");
  const names = new Map(props.groups.map(({ id, name }) => [id, name]));
  const needle = wanted.trim().toLocaleLowerCase();
  const shown = props.families.filter(
    (family) =>
      (group === "" || isIn(family, group)) &&
      [family.name, ...family.children.map((child) => child.first_name ?? "")].some((name) =>
        name.toLocaleLowerCase().includes(needle),
      ),
  );
  return (
    <>
      <div class="filters">
        <Select
          label={m.families.group}
          value={group}
          options={[["", m.families.allGroups], ...props.groups.map(({ id, name }) => [id, name] as const)]}
          onChoose={setGroup}
        />
        {props.families.length > MANY && (
          <input
            class="input"
            type="search"
            aria-label={m.common.search}
            placeholder={m.common.search}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        )}
      </div>
      <section class="card-box" aria-label={m.families.pageTitle}>
        <p class="soft" role="status">
          {shown.length > 0 ? m.families.shown(shown.length) : m.common.nothingFound}
        </p>
        <ul class="rows">
          {shown.map((family) => (
            <FamilyRow key={family.id} family={family} names={names} onOpen={() => props.onOpen(family)} />
          ))}
        </ul>
      </section>
    </>
  );
}

function FamilyRow(props: { family: FamilyAnswer; names: ReadonlyMap<string, string>; onOpen: () => void }) {
  const m = s();
  const { family, names } = props;
  const children = family.children.map((child) =>
    [child.first_name ?? m.families.withoutName, child.group && names.get(child.group)]
      .filter(Boolean)
      .join(", "),
  );
  const groups = family.groups.flatMap((id) => names.get(id) ?? []);
  return (
    <li class="row" data-testid="family">
      <div class="row__main">
        <p class="row__title">{family.name}</p>
        <p class="row__note">{[...children, ...groups].join(" · ")}</p>
        {family.guardians.length > 0 && (
          <p class="row__note">
            {m.families.guardians}: {family.guardians.map(({ name }) => name).join(", ")}
          </p>
        )}
      </div>
      <button
        type="button"
        class="button button--quiet button--small"
        aria-label={`${m.common.change}: ${family.name}`}
        onClick={props.onOpen}
      >
        {m.common.change}
      </button>
    </li>
  );
}
