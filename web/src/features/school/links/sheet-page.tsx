import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { Qr } from "./qr.tsx";

/** Links of all families of a group, to print and cut. */
export function SheetPage({ place, id }: PageProps & { id: string }) {
  const m = s().links;
  const path = { group: id };
  const found = useResource(
    async () => ({
      group: await call("GET /api/groups/{group}", { path }),
      ...(await call("POST /api/groups/{group}/links", { path })),
    }),
    [],
  );
  const title = found.data ? m.sheetTitle(found.data.group.name) : m.sheet;
  return (
    <SchoolPage
      title={title}
      lead={m.sheetLead}
      back={`/groups/${id}`}
      testId="sheet"
      tools={
        found.data && (
          <button type="button" class="button button--primary" onClick={() => print()}>
            {m.print}
          </button>
        )
      }
    >
      <Loaded from={found}>
        {({ links }) =>
          links.length === 0 ? (
            <p class="soft">{m.none}</p>
          ) : (
            <ul class="sheet">
              {links.map((link) => (
                <li key={link.id} class="sheet__card" data-testid="sheet-card">
                  <Qr svg={link.qr} />
                  <div class="sheet__text">
                    <p class="soft">{place.organisation.name}</p>
                    <h2>{link.name}</h2>
                    <p>{m.how}</p>
                    <p class="sheet__link">{link.link}</p>
                    <p class="soft">{m.keep}</p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </SchoolPage>
  );
}
