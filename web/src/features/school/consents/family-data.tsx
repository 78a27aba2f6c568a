import { useState } from "preact/hooks";
import { call } from "../../../api/school.ts";
import { explain, formatDay, s } from "../../../i18n/school/index.ts";
import { saveText } from "../../../platform/files.ts";
import { announce } from "../../../ui/announcer.tsx";
import { BusyButton, Problem } from "../../../ui/form.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";

/** All that is known of a family, as a file. It may stand in another form. */
export function ExportButton({ family }: { family: string }) {
  const m = s().family;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const save = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const data = await call("POST /api/families/{family}/export", { path: { family } });
      saveText(m.fileName, JSON.stringify(data, null, 2), "application/json");
      announce(m.exported);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="form">
      <Problem text={problem === null ? null : explain(problem)} />
      <div>
        <BusyButton
          type="button"
          busy={busy}
          class="button"
          testId="export-family"
          onClick={() => void save()}
        >
          {m.export}
        </BusyButton>
      </div>
    </div>
  );
}

/** Consents and data of a family, for the head. */
export function FamilyData({ family }: { family: string }) {
  const m = s();
  const path = { family };
  const found = useResource(() => call("GET /api/families/{family}/consents", { path }), []);
  return (
    <section class="form">
      <h3>{m.consents.ofFamily}</h3>
      <Loaded from={found}>
        {({ consents }) =>
          consents.length === 0 ? (
            <p class="soft">{m.consents.noneOfFamily}</p>
          ) : (
            <ul class="rows">
              {consents.map((one) => (
                <li key={`${one.document} ${one.given_at}`} class="row">
                  <div class="row__main">
                    <p class="row__title">{m.consents.purposes[one.purpose]}</p>
                    <p class="row__note">
                      {[
                        m.consents.version(one.version),
                        m.consents.rowGiven(formatDay(one.given_at)),
                        one.withdrawn_at && m.consents.rowWithdrawn(formatDay(one.withdrawn_at)),
                      ]
                        .filter(Boolean)
                        .join(", ")}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <h3>{m.family.data}</h3>
      <p class="soft">{m.family.dataText}</p>
      <ExportButton family={family} />
    </section>
  );
}
