import { useState } from "preact/hooks";
import type { ConsentAnswer, DocumentAnswer, FamilyAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { BusyButton, Problem, useForm } from "../../../ui/form.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import type { Place } from "../session.ts";
import { Document } from "./documents.tsx";
import { ExportButton } from "./family-data.tsx";

interface Own {
  readonly family: FamilyAnswer;
  readonly consents: readonly ConsentAnswer[];
}

/** The families of a guardian here, with their consents. */
export async function ownFamilies(place: Place): Promise<readonly Own[]> {
  const all = place.me.families.map(async (family) => ({
    family: await call("GET /api/families/{family}", { path: { family } }),
    ...(await call("GET /api/families/{family}/consents", { path: { family } })),
  }));
  return (await Promise.all(all)).filter(({ family }) => family.organisation === place.organisation.id);
}

/** The last word about a document; one that was never given is not there. */
export function answerOf(document: DocumentAnswer, consents: readonly ConsentAnswer[]): ConsentAnswer | null {
  const of = consents.filter((one) => one.document === document.id);
  return of.find((one) => one.withdrawn_at === null) ?? of[0] ?? null;
}

/** What a guardian may decide for the family, and take with it. */
export function FamilyPage({ place }: PageProps) {
  const m = s().family;
  const path = { organisation: place.organisation.id };
  const found = useResource(
    async () => ({
      own: await ownFamilies(place),
      ...(await call("GET /api/organisations/{organisation}/consents", { path })),
      kept: await call("GET /api/retention"),
    }),
    [],
  );
  const { days } = s().data;
  return (
    <SchoolPage title={m.pageTitle} testId="family-page">
      <Loaded from={found}>
        {({ own, documents, kept }) =>
          own.length === 0 ? (
            <div class="card-box">
              <Empty text={m.none} />
            </div>
          ) : (
            own.map((one) => (
              <section key={one.family.id} class="form">
                <h2>{one.family.name}</h2>
                <div class="card-box">
                  <h3>{m.consents}</h3>
                  {documents.length === 0 && <p class="soft">{m.consentsNone}</p>}
                  {documents.map((document) => (
                    <Answer
                      key={document.id}
                      family={one.family.id}
                      document={document}
                      answer={answerOf(document, one.consents)}
                      onChange={found.reload}
                    />
                  ))}
                </div>
                <div class="card-box">
                  <h3>{m.data}</h3>
                  <p>{m.dataText}</p>
                  <p class="soft">
                    {m.kept(days(kept.journal_days), days(kept.chat_days))} {m.remove}
                  </p>
                  <ExportButton family={one.family.id} />
                </div>
              </section>
            ))
          )
        }
      </Loaded>
    </SchoolPage>
  );
}

function Answer(props: {
  family: string;
  document: DocumentAnswer;
  answer: ConsentAnswer | null;
  onChange: () => Promise<void>;
}) {
  const m = s().consents;
  const { answer, document } = props;
  const [withdrawing, setWithdrawing] = useState(false);
  const path = { family: props.family };
  const body = { document: document.id };
  const form = useForm({}, {}, async () => {
    await call("POST /api/families/{family}/consents", { path, body });
    await props.onChange();
  });
  const given = answer !== null && answer.withdrawn_at === null;
  const state = given
    ? m.stateGiven(formatDay(answer.given_at))
    : answer?.withdrawn_at
      ? m.stateWithdrawn(formatDay(answer.withdrawn_at))
      : m.stateOpen;
  return (
    <form class="form consent" data-testid={`answer-${document.purpose}`} onSubmit={form.submit}>
      <div>
        <p class="soft">{m.purposes[document.purpose]}</p>
        <Document document={document} />
      </div>
      <p>
        <span class={`tag ${given ? "tag--good" : "tag--waiting"}`} data-testid="consent-state">
          {state}
        </span>
      </p>
      <Problem text={form.problem} />
      <div>
        {given ? (
          <button
            type="button"
            class="button button--quiet"
            data-testid="withdraw-consent"
            onClick={() => setWithdrawing(true)}
          >
            {m.withdraw}
          </button>
        ) : (
          <BusyButton busy={form.busy} testId="give-consent">
            {m.give}
          </BusyButton>
        )}
      </div>
      {withdrawing && (
        <Confirm
          title={m.withdrawTitle}
          text={[m.withdrawText(document.title)]}
          action={m.withdraw}
          act={() => call("POST /api/families/{family}/consents/withdrawal", { path, body })}
          onDone={() => {
            setWithdrawing(false);
            void props.onChange();
          }}
          onClose={() => setWithdrawing(false)}
        />
      )}
    </form>
  );
}
