import { useState } from "preact/hooks";
import { call } from "../../api/school.ts";
import { s } from "../../i18n/school/index.ts";
import { navigate, pathname } from "../../navigation.ts";
import { parseRoute } from "../../route.ts";
import { BusyButton, isEmail, PasswordField, Problem, required, TextField, useForm } from "../../ui/form.tsx";
import { Link } from "../../ui/link.tsx";
import { useResource } from "../../ui/resource.ts";
import { begin } from "../school/session.ts";
import { EntranceFrame } from "./frame.tsx";

/** Whoever signs in elsewhere and is refused comes back with the reason. It leaves the address bar at once. */
function takeReason(): string | null {
  const reason = new URLSearchParams(location.search).get("error");
  if (reason) history.replaceState(null, "", location.pathname);
  return reason;
}

/** Also stands in for a page of the school until somebody has signed in: the path stays. */
export function SignIn() {
  const m = s();
  const { page } = parseRoute(pathname.value);
  const elsewhere = page === "school" || page === "ownLesson";
  const [refused] = useState(takeReason);
  const site = useResource(() => call("GET /api/site"), []);
  const form = useForm(
    { email: "", password: "" },
    { email: isEmail, password: required },
    async ({ email, password }) => {
      begin(await call("POST /api/session", { body: { email: email.trim(), password } }));
      if (!elsewhere) navigate("/", "replace");
    },
  );
  return (
    <EntranceFrame
      pageTitle={m.signIn.pageTitle}
      heading={m.signIn.heading}
      lead={elsewhere ? m.signIn.wrongPlace : m.signIn.lead}
      foot={
        <>
          <p>
            {m.signIn.noAccount} <Link href="/register">{m.signIn.register}</Link>
          </p>
          <p>{m.signIn.forgot}</p>
        </>
      }
    >
      <form class="form" noValidate onSubmit={form.submit}>
        <TextField form={form} name="email" type="email" label={m.fields.email} autocomplete="username" />
        <PasswordField form={form} name="password" label={m.fields.password} />
        <Problem
          text={form.problem ?? (refused ? (m.problems[refused] ?? m.problemUnknown(refused)) : null)}
        />
        <BusyButton busy={form.busy} class="button--primary button--big" testId="submit">
          {m.signIn.submit}
        </BusyButton>
      </form>
      {site.data && site.data.oidc.length > 0 && (
        <div class="form">
          {site.data.oidc.map(({ id, name }) => (
            <a key={id} class="button button--quiet" href={`/api/oidc/${id}/start`}>
              {m.signIn.by(name)}
            </a>
          ))}
        </div>
      )}
    </EntranceFrame>
  );
}
