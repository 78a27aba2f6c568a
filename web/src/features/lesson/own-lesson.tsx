import { useEffect } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import { address, call } from "../../api/school.ts";
import { Loading, Unreachable } from "../../ui/lazy.tsx";
import { useResource } from "../../ui/resource.ts";
import { SignIn } from "../entrance/sign-in.tsx";
import { refresh, session } from "../school/session.ts";
import { Entry } from "./lesson-page.tsx";
import { NotFound } from "./not-found.tsx";

/** A lesson that somebody enters with the own account: its host, staff, guardians. */
export function OwnLesson({ id }: { id: string }) {
  useEffect(() => {
    if (session.value.kind !== "signedIn") void refresh();
  }, []);
  const known = session.value;
  if (known.kind === "none") return <SignIn />;
  if (known.kind === "unreachable") return <Unreachable onRetry={() => void refresh()} />;
  return known.kind === "signedIn" ? <Found id={id} name={known.me.name} /> : <Loading />;
}

function Found({ id, name }: { id: string; name: string }) {
  const path = { lesson: id };
  const found = useResource(() => call("GET /api/schedule/{lesson}", { path }), [id]);
  if (found.error instanceof ApiError && found.error.status !== 0) return <NotFound />;
  if (found.error) return <Unreachable onRetry={found.reload} />;
  if (!found.data) return <Loading />;
  const { lesson, starts_at, state, participants } = found.data;
  const known = session.value.kind === "signedIn" ? session.value.me.roles : [];
  const organisation = known.find((role) => role.organisation.id === lesson.organisation)?.organisation.name;
  return (
    <Entry
      lesson={{
        title: lesson.title,
        organisation: organisation ?? "",
        host: lesson.host?.name ?? null,
        badge: lesson.host?.badge ?? null,
        starts_at,
        // Whoever leads may come early: when it is too early, the server says so.
        state: state === "before" ? "live" : state,
        mode: lesson.mode,
        content: lesson.content,
        participants,
      }}
      door={async (_name, _language, data_budget_mb) =>
        call("POST /api/schedule/{lesson}/join", { path, body: { starts_at, data_budget_mb } })
      }
      knownAs={name}
      calendar={address("GET /api/schedule/{lesson}/calendar.ics", { path })}
      onOpen={() => void found.reload()}
    />
  );
}
