import { useState } from "preact/hooks";
import type { ConsentPurpose, DocumentAnswer, FamilyAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { DocumentDialog } from "./document-dialog.tsx";
import { Document } from "./documents.tsx";

/** What families are asked to agree to, and who has. For the head. */
export function ConsentsPage({ place }: PageProps) {
  const m = s().consents;
  const path = { organisation: place.organisation.id };
  const purposes = Object.keys(m.purposes) as readonly ConsentPurpose[];
  const found = useResource(async () => {
    const { documents } = await call("GET /api/organisations/{organisation}/consents", { path });
    const missing = documents.map(async ({ purpose }) => {
      const endpoint = "GET /api/organisations/{organisation}/consents/missing";
      return [purpose, (await call(endpoint, { path, query: { purpose } })).families] as const;
    });
    return {
      documents,
      missing: new Map(await Promise.all(missing)),
      ...(await call("GET /api/organisations/{organisation}/families", { path, query: {} })),
    };
  }, []);
  const [open, setOpen] = useState<ConsentPurpose | null>(null);
  return (
    <SchoolPage title={m.pageTitle} lead={m.lead} back="/families" testId="consents-page">
      <Loaded from={found}>
        {({ documents, missing, families }) => {
          const of = (purpose: ConsentPurpose) => documents.find((one) => one.purpose === purpose) ?? null;
          return (
            <>
              {purposes.map((purpose) => (
                <Purpose
                  key={purpose}
                  purpose={purpose}
                  document={of(purpose)}
                  families={families}
                  missing={new Set(missing.get(purpose))}
                  onOpen={() => setOpen(purpose)}
                />
              ))}
              {open && (
                <DocumentDialog
                  organisation={path.organisation}
                  purpose={open}
                  known={of(open)}
                  onChange={found.reload}
                  onClose={() => setOpen(null)}
                />
              )}
            </>
          );
        }}
      </Loaded>
    </SchoolPage>
  );
}

function Purpose(props: {
  purpose: ConsentPurpose;
  document: DocumentAnswer | null;
  families: readonly FamilyAnswer[];
  missing: ReadonlySet<string>;
  onOpen: () => void;
}) {
  const m = s().consents;
  const { document, families, missing, purpose } = props;
  const without = families.filter(({ id }) => missing.has(id));
  return (
    <section class="card-box" data-testid={`consent-${purpose}`}>
      <div class="card-box__head">
        <h2>{m.purposes[purpose]}</h2>
        <button
          type="button"
          class={`button button--small ${document ? "" : "button--primary"}`}
          aria-label={`${document ? m.renew : m.publish}: ${m.purposes[purpose]}`}
          data-testid={`publish-${purpose}`}
          onClick={props.onOpen}
        >
          {document ? m.renew : m.publish}
        </button>
      </div>
      {document ? (
        <>
          <Document document={document} />
          {document.without !== "nothing" && (
            <p>
              <span class="tag">{m.effects[document.without]}</span>
            </p>
          )}
          {families.length > 0 && (
            <div>
              <p data-testid="consent-count">{m.given(families.length - without.length, families.length)}</p>
              {without.length === 0 ? (
                <p class="soft">{m.everybody}</p>
              ) : (
                <details class="details">
                  <summary>{m.unanswered(without.length)}</summary>
                  <p>{without.map(({ name }) => name).join(", ")}</p>
                </details>
              )}
            </div>
          )}
        </>
      ) : (
        <p class="soft">{m.none}</p>
      )}
    </section>
  );
}
