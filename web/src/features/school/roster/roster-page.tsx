import { useState } from "preact/hooks";
import type { AgeBand, RosterAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { explain, s } from "../../../i18n/school/index.ts";
import { navigate } from "../../../navigation.ts";
import { BYTE_ORDER_MARK, readFiles, saveText } from "../../../platform/files.ts";
import { announce } from "../../../ui/announcer.tsx";
import { BusyButton, Problem, SelectField, useForm } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import { ageOptions } from "../groups/group-dialog.tsx";
import type { PageProps } from "../school.tsx";

interface Chosen {
  readonly files: Readonly<Record<string, string>>;
  readonly plan: RosterAnswer;
}

/** Families of a whole organisation from tables: first what would happen, then just that. */
export function RosterPage({ place }: PageProps) {
  const m = s().roster;
  const path = { organisation: place.organisation.id };
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const site = useResource(() => call("GET /api/site"), []);
  const pupils = site.data?.pupils_data !== false;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const choose = async (list: FileList | null) => {
    if (!list || list.length === 0) return;
    setBusy(true);
    setError(null);
    setChosen(null);
    try {
      const files = await readFiles([...list]);
      const plan = await call("POST /api/organisations/{organisation}/roster/preview", {
        path,
        body: { files },
      });
      setChosen({ files, plan });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <SchoolPage
      title={m.pageTitle}
      lead={pupils ? m.lead : m.leadNoPupils}
      back="/families"
      testId="roster-page"
    >
      <section class="card-box">
        <div class="form__actions">
          <label class="button button--primary file-button">
            {busy && <span class="spinner" aria-hidden="true" />}
            {busy ? m.checking : m.choose}
            <input
              type="file"
              accept=".csv,text/csv"
              multiple
              data-testid="roster-files"
              onChange={(event) => {
                void choose(event.currentTarget.files);
                event.currentTarget.value = "";
              }}
            />
          </label>
          <button
            type="button"
            class="button button--quiet"
            onClick={() => saveText(m.templateName, template(pupils), "text/csv")}
          >
            <Icon name="download" size={20} />
            {m.template}
          </button>
        </div>
        {chosen && (
          <p class="soft">
            {m.chosen}: {Object.keys(chosen.files).join(", ")}
          </p>
        )}
        <Problem text={error === null ? null : explain(error)} />
      </section>
      {chosen && chosen.plan.fault_count > 0 && <Faults plan={chosen.plan} />}
      {chosen && chosen.plan.fault_count === 0 && (
        <Preview organisation={path.organisation} chosen={chosen} />
      )}
    </SchoolPage>
  );
}

/** An example of a table. Where nothing is kept of children, it has only groups and families. */
function template(pupils: boolean): string {
  const m = s().roster;
  const lines = [m.templateHeader, m.templateRow];
  const shown = pupils ? lines : lines.map((line) => line.split(";").slice(0, 2).join(";"));
  return `${BYTE_ORDER_MARK}${shown.join("\r\n")}\r\n`;
}

function Faults({ plan }: { plan: RosterAnswer }) {
  const m = s().roster;
  const rest = plan.fault_count - plan.faults.length;
  return (
    <section class="card-box" data-testid="roster-faults">
      <h2>{m.faults}</h2>
      <Notice tone="warning" icon="alert" alert>
        <p>{m.faultsText}</p>
      </Notice>
      <ul class="rows">
        {plan.faults.map((fault, index) => (
          <li key={index} class="row">
            <div class="row__main">
              <p class="row__title">{m.messages[fault.code](fault.values)}</p>
              <p class="row__note">
                {[
                  fault.file,
                  m.line(fault.line),
                  fault.column && m.column(m.columnNames[fault.column] ?? fault.column),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="soft">{m.moreFaults(rest)}</p>}
    </section>
  );
}

function Preview({ organisation, chosen }: { organisation: string; chosen: Chosen }) {
  const m = s().roster;
  const { plan, files } = chosen;
  const rows = ["groups", "families", "children"] as const;
  const anything = rows.some((row) => plan[row].new + plan[row].changed > 0);
  const form = useForm({ age: "4-5" }, {}, async ({ age }) => {
    const body = { files, digest: plan.digest, age: age as AgeBand };
    await call("POST /api/organisations/{organisation}/roster", { path: { organisation }, body });
    announce(m.done);
    navigate("/families");
  });
  return (
    <section class="card-box" data-testid="roster-preview">
      <h2>{m.preview}</h2>
      <table class="counts">
        <thead>
          <tr>
            <th scope="col">{m.columns.what}</th>
            <th scope="col">{m.columns.new}</th>
            <th scope="col">{m.columns.changed}</th>
            <th scope="col">{m.columns.same}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row">{m.rows[row]}</th>
              <td>{plan[row].new}</td>
              <td>{plan[row].changed}</td>
              <td>{plan[row].same}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.unknown_teachers.length > 0 && (
        <Notice tone="warning" icon="info">
          <p>{m.unknownTeachers}</p>
          <p>{plan.unknown_teachers.join(", ")}</p>
        </Notice>
      )}
      {anything ? (
        <form class="form" onSubmit={form.submit}>
          {plan.groups.new > 0 && <SelectField form={form} name="age" label={m.age} options={ageOptions()} />}
          <Problem text={form.problem} />
          <div>
            <BusyButton busy={form.busy} testId="roster-submit">
              {m.submit}
            </BusyButton>
          </div>
        </form>
      ) : (
        <p class="soft">{m.nothing}</p>
      )}
    </section>
  );
}
