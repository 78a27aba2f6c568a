import { ApiError } from "../../api/http.ts";
import type { Welcome as Invitation, Site } from "../../api/schema.ts";
import { call } from "../../api/school.ts";
import { language } from "../../i18n/index.ts";
import { s } from "../../i18n/school/index.ts";
import { navigate } from "../../navigation.ts";
import { BusyButton, Problem, useForm } from "../../ui/form.tsx";
import { Loading, Unreachable } from "../../ui/lazy.tsx";
import { useResource } from "../../ui/resource.ts";
import { NotFound } from "../lesson/not-found.tsx";
import { begin } from "../school/session.ts";
import { ACCOUNT_CHECKS, AccountFields } from "./account-fields.tsx";
import { EntranceFrame } from "./frame.tsx";

/** Behind the link of a staff invitation. */
export function Welcome({ code }: { code: string }) {
  const found = useResource(
    async () => ({
      invitation: await call("GET /api/welcome/{code}", { path: { code } }),
      site: await call("GET /api/site"),
    }),
    [code],
  );
  if (found.error instanceof ApiError && found.error.status === 404) return <NotFound />;
  if (found.error) return <Unreachable onRetry={found.reload} />;
  return found.data ? <Accept code={code} {...found.data} /> : <Loading />;
}

function Accept({ code, invitation, site }: { code: string; invitation: Invitation; site: Site }) {
  const m = s();
  const form = useForm(
    { name: invitation.name, email: invitation.email, password: "" },
    ACCOUNT_CHECKS,
    async ({ name, password }) => {
      const body = { name: name.trim(), password, language: language.value };
      begin(await call("POST /api/welcome/{code}", { path: { code }, body }));
      navigate("/", "replace");
    },
  );
  const own = useForm({}, {}, async () => {
    begin(await call("POST /api/welcome/{code}/role", { path: { code } }));
    navigate("/", "replace");
  });
  return (
    <EntranceFrame
      pageTitle={m.welcome.pageTitle}
      heading={m.welcome.heading(invitation.organisation)}
      lead={m.welcome.lead(m.roles[invitation.role])}
      foot={site.signed_in ? undefined : <p>{m.welcome.haveAccount}</p>}
    >
      {site.signed_in && (
        <form class="form" onSubmit={own.submit}>
          <Problem text={own.problem} />
          <BusyButton busy={own.busy} class="button--quiet" testId="accept-signed-in">
            {m.welcome.asSignedIn}
          </BusyButton>
        </form>
      )}
      <form class="form" noValidate onSubmit={form.submit}>
        <AccountFields form={form} invited />
        <Problem text={form.problem} />
        <BusyButton busy={form.busy} class="button--primary button--big" testId="submit">
          {m.welcome.submit}
        </BusyButton>
      </form>
    </EntranceFrame>
  );
}
