import { useState } from "preact/hooks";
import type { GroupAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { explain, s } from "../../../i18n/school/index.ts";
import { BusyButton, Problem, Select } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { useResource } from "../../../ui/resource.ts";

/** Who teaches a group; the head adds and takes away. */
export function GroupTeachers(props: {
  group: GroupAnswer;
  mayChange: boolean;
  onChange: () => Promise<void>;
}) {
  const m = s().groups;
  const { group } = props;
  const [problem, setProblem] = useState<unknown>(null);
  const change = async (action: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await action();
      await props.onChange();
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <section class="card-box" data-testid="group-teachers">
      <h2>{m.teachers}</h2>
      {group.teachers.length === 0 && <p class="soft">{m.noTeachers}</p>}
      <ul class="rows">
        {group.teachers.map((teacher) => (
          <li key={teacher.id} class="row">
            <div class="row__main">
              <p class="row__title">{teacher.name}</p>
            </div>
            {props.mayChange && (
              <button
                type="button"
                class="icon-button"
                aria-label={m.removeTeacher(teacher.name)}
                title={m.removeTeacher(teacher.name)}
                onClick={() =>
                  void change(() =>
                    call("DELETE /api/groups/{group}/teachers/{person}", {
                      path: { group: group.id, person: teacher.id },
                    }),
                  )
                }
              >
                <Icon name="close" size={20} />
              </button>
            )}
          </li>
        ))}
      </ul>
      <Problem text={problem === null ? null : explain(problem)} />
      {props.mayChange && (
        <AddTeacher
          group={group}
          onAdd={(person) =>
            change(() =>
              call("PUT /api/groups/{group}/teachers/{person}", { path: { group: group.id, person } }),
            )
          }
        />
      )}
    </section>
  );
}

function AddTeacher({ group, onAdd }: { group: GroupAnswer; onAdd: (person: string) => Promise<void> }) {
  const m = s().groups;
  const [person, setPerson] = useState("");
  const [busy, setBusy] = useState(false);
  const path = { organisation: group.organisation };
  const staff = useResource(() => call("GET /api/organisations/{organisation}/staff", { path }), []);
  if (!staff.data) return null;
  const here = new Set(group.teachers.map(({ id }) => id));
  const others = staff.data.members.filter(
    ({ id, roles }) =>
      !here.has(id) && roles.some(({ role, state }) => role === "teacher" && state === "confirmed"),
  );
  if (others.length === 0) return <p class="soft">{m.noMoreTeachers}</p>;
  const add = async (event: Event) => {
    event.preventDefault();
    if (busy || person === "") return;
    setBusy(true);
    await onAdd(person);
    setPerson("");
    setBusy(false);
  };
  return (
    <form class="inline-form" onSubmit={add}>
      <Select
        label={m.chooseTeacher}
        testId="choose-teacher"
        value={person}
        options={[["", m.chooseTeacher], ...others.map(({ id, name }) => [id, name] as const)]}
        onChoose={setPerson}
      />
      <BusyButton busy={busy} class="button" testId="add-teacher">
        {s().common.add}
      </BusyButton>
    </form>
  );
}
