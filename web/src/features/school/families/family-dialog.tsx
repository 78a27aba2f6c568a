import { useState } from "preact/hooks";
import type { ChildBody, FamilyAnswer, FamilyBody, GroupAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { BusyButton, Problem, required, TextField, useForm } from "../../../ui/form.tsx";
import { Ticks } from "../../../ui/ticks.tsx";
import { FamilyData } from "../consents/family-data.tsx";
import { FamilyLink } from "../links/family-link.tsx";
import { ChildrenFields } from "./children-fields.tsx";

/** All that is known of a family; saving replaces it. */
export function FamilyDialog(props: {
  organisation: string;
  family: FamilyAnswer | null;
  groups: readonly GroupAnswer[];
  /** Whether this server keeps data of children. */
  pupils: boolean;
  mayRemove: boolean;
  onChange: () => Promise<void>;
  onClose: () => void;
}) {
  const m = s();
  const { family } = props;
  const [children, setChildren] = useState<readonly ChildBody[]>(
    family?.children ?? (props.pupils ? [{ group: onlyGroup(props.groups) }] : []),
  );
  const [groups, setGroups] = useState<readonly string[]>(family?.groups ?? []);
  const [removing, setRemoving] = useState(false);
  const form = useForm({ name: family?.name ?? "" }, { name: required }, async ({ name }) => {
    const body: FamilyBody = {
      name: name.trim(),
      groups,
      children: children
        .filter((child) => child.id || child.first_name?.trim() || child.group)
        .map(({ id, first_name, group }) => ({
          ...(id ? { id } : {}),
          first_name: first_name?.trim() || null,
          group: group || null,
        })),
      guardians: family?.guardians.map(({ id }) => id) ?? [],
    };
    if (family) await call("PUT /api/families/{family}", { path: { family: family.id }, body });
    else {
      const path = { organisation: props.organisation };
      await call("POST /api/organisations/{organisation}/families", { path, body });
    }
    announce(m.common.saved);
    props.onClose();
    await props.onChange();
  });
  if (removing && family)
    return (
      <Confirm
        title={m.families.removeTitle}
        text={[m.families.removeText(family.name)]}
        action={m.common.remove}
        dangerous
        act={() => call("DELETE /api/families/{family}", { path: { family: family.id } })}
        onDone={() => {
          announce(m.families.removed(family.name));
          props.onClose();
          void props.onChange();
        }}
        onClose={props.onClose}
      />
    );
  return (
    <Dialog
      title={family ? m.families.editTitle : m.families.addTitle}
      onClose={props.onClose}
      testId="family-dialog"
    >
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="name" label={m.families.name} hint={m.families.nameHint} />
        {props.pupils && <ChildrenFields kids={children} groups={props.groups} onChange={setChildren} />}
        <Ticks
          legend={m.families.ownGroups}
          hint={props.pupils ? m.families.ownGroupsHint : undefined}
          options={props.groups.map(({ id, name }) => [id, name] as const)}
          chosen={groups}
          onChange={setGroups}
        />
        {family && <FamilyLink family={family.id} />}
        {family && props.mayRemove && <FamilyData family={family.id} />}
        <Problem text={form.problem} />
        <div class="form__actions form__actions--end">
          {family && props.mayRemove && (
            <button type="button" class="button button--quiet" onClick={() => setRemoving(true)}>
              {m.common.remove}
            </button>
          )}
          <BusyButton busy={form.busy} testId="save-family">
            {family ? m.common.save : m.common.add}
          </BusyButton>
        </div>
      </form>
    </Dialog>
  );
}

function onlyGroup(groups: readonly GroupAnswer[]): string {
  return groups.length === 1 ? (groups[0]?.id ?? "") : "";
}
