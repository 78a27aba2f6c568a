import { call } from "../../../api/school.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Badge } from "../../../ui/badge.tsx";
import { Link } from "../../../ui/link.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import { answerOf, ownFamilies } from "../consents/family-page.tsx";
import { GroupTiles } from "../groups/group-tiles.tsx";
import { Requests } from "../people/requests.tsx";
import type { PageProps } from "../school.tsx";
import type { Place } from "../session.ts";

/** What each role needs first. */
export function HomePage({ place }: PageProps) {
  const m = s().home;
  const { roles, me } = place;
  return (
    <SchoolPage
      title={m.pageTitle}
      heading={m.greeting(me.name)}
      tools={
        <span class="chips">
          {[...roles]
            .filter((role) => role !== "guardian")
            .map((role) => (
              <Badge key={role} role={role} />
            ))}
        </span>
      }
      testId="home"
    >
      {roles.has("head") && <HeadsHome place={place} />}
      {roles.has("teacher") && <TeachersGroups place={place} />}
      {(roles.has("head") || roles.has("methodologist")) && (
        <ToReview organisation={place.organisation.id} whenNone={roles.has("methodologist")} />
      )}
      {roles.has("operator") && <p class="soft">{m.operatorText}</p>}
      {roles.has("guardian") && <GuardiansHome place={place} />}
    </SchoolPage>
  );
}

/** What waits for the answer of a guardian. */
function GuardiansHome({ place }: { place: Place }) {
  const m = s();
  const path = { organisation: place.organisation.id };
  const found = useResource(
    async () => ({
      own: await ownFamilies(place),
      ...(await call("GET /api/organisations/{organisation}/consents", { path })),
    }),
    [],
  );
  return (
    <>
      <p class="soft">{m.home.guardianText}</p>
      <Loaded from={found}>
        {({ own, documents }) => {
          const waiting = own.flatMap((one) =>
            documents.filter((document) => answerOf(document, one.consents) === null),
          );
          return (
            waiting.length > 0 && (
              <Notice tone="warning" icon="consent" heading={m.consents.waiting(waiting.length)}>
                <Link class="button button--primary" href="/family" testId="to-consents">
                  {m.consents.answer}
                </Link>
              </Notice>
            )
          );
        }}
      </Loaded>
    </>
  );
}

function HeadsHome({ place }: { place: Place }) {
  const m = s().home;
  const path = { organisation: place.organisation.id };
  const staff = useResource(() => call("GET /api/organisations/{organisation}/staff", { path }), []);
  const groups = useResource(() => call("GET /api/organisations/{organisation}/groups", { path }), []);
  return (
    <>
      <Loaded from={staff}>
        {({ members }) => <Requests members={members} onChange={staff.reload} whenNone={m.requestsNone} />}
      </Loaded>
      {groups.data?.groups.length === 0 && <Start />}
    </>
  );
}

/** What was submitted and waits for somebody who verifies it. `whenNone`: that there is nothing is told, too. */
function ToReview(props: { organisation: string; whenNone: boolean }) {
  const m = s().home;
  const found = useResource(
    () =>
      call("GET /api/organisations/{organisation}/content", {
        path: { organisation: props.organisation },
        query: { state: "submitted", limit: 10 },
      }),
    [],
  );
  return (
    <Loaded from={found}>
      {({ contents }) =>
        (contents.length > 0 || props.whenNone) && (
          <section class="card-box" data-testid="to-review-list">
            <h2>{m.review}</h2>
            {contents.length === 0 && <p class="soft">{m.reviewNone}</p>}
            <ul class="rows">
              {contents.map((content) => (
                <li key={content.id} class="row row--line">
                  <div class="row__main">
                    <p class="row__title">
                      <Link class="standing-link" href={`/library/${content.id}`} testId="to-review">
                        {content.title}
                      </Link>
                    </p>
                    <p class="row__note">
                      {[
                        s().lessons.programmes[content.programme],
                        content.submitted_at && formatDay(content.submitted_at),
                      ]
                        .filter(Boolean)
                        .join(" · ")}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        )
      }
    </Loaded>
  );
}

/** The first steps, until there is a group. */
function Start() {
  const m = s().home;
  const steps = [
    ["/groups", m.start.groups],
    ["/people", m.start.people],
    ["/families", m.start.families],
  ] as const;
  return (
    <section class="form">
      <h2>{m.startHeading}</h2>
      <ul class="tiles">
        {steps.map(([path, step]) => (
          <li key={path}>
            <Link class="tile-link" href={path}>
              <h3>{step.title}</h3>
              <p>{step.text}</p>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TeachersGroups({ place }: { place: Place }) {
  const m = s().home;
  const path = { organisation: place.organisation.id };
  const found = useResource(() => call("GET /api/organisations/{organisation}/groups", { path }), []);
  return (
    <section class="form">
      <h2>{m.myGroups}</h2>
      <Loaded from={found}>
        {({ groups }) => {
          const own = groups.filter(({ id }) => place.me.groups.includes(id));
          return own.length > 0 ? (
            <GroupTiles groups={own} heading="h3" />
          ) : (
            <div class="card-box">
              <Empty text={m.noGroups} />
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}
