import { useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import type { Role, Site } from "../../api/schema.ts";
import { call } from "../../api/school.ts";
import { language } from "../../i18n/index.ts";
import { s } from "../../i18n/school/index.ts";
import { navigate } from "../../navigation.ts";
import { BusyButton, Problem, SelectField, useForm } from "../../ui/form.tsx";
import { Loading, Unreachable } from "../../ui/lazy.tsx";
import { Link } from "../../ui/link.tsx";
import { MessagePage } from "../../ui/page.tsx";
import { useResource } from "../../ui/resource.ts";
import { begin } from "../school/session.ts";
import { ACCOUNT_CHECKS, AccountFields, NEW_ACCOUNT } from "./account-fields.tsx";
import { EntranceFrame } from "./frame.tsx";

export const ASKABLE = ["teacher", "methodologist", "operator", "head"] as const satisfies Role[];

export function Register() {
  const site = useResource(() => call("GET /api/site"), []);
  const [sent, setSent] = useState(false);
  const m = s().register;
  if (site.error) return <Unreachable onRetry={site.reload} />;
  if (!site.data) return <Loading />;
  if (sent) return <Message heading={m.sentHeading} text={m.sentText} />;
  if (!site.data.registration || site.data.organisations.length === 0)
    return <Message heading={m.closedHeading} text={m.closedText} />;
  return <RegisterForm site={site.data} onSent={() => setSent(true)} />;
}

function Message({ heading, text }: { heading: string; text: string }) {
  return (
    <MessagePage pageTitle={heading} heading={heading} text={[text]} testId="registration-message">
      <div class="message__actions">
        <Link class="button button--primary" href="/sign-in">
          {s().signIn.submit}
        </Link>
      </div>
    </MessagePage>
  );
}

function RegisterForm({ site, onSent }: { site: Site; onSent: () => void }) {
  const m = s();
  const [only] = site.organisations;
  const form = useForm(
    { organisation: only?.id ?? "", role: "teacher", ...NEW_ACCOUNT },
    ACCOUNT_CHECKS,
    async (values) => {
      const email = values.email.trim();
      const body = { ...values, email, name: values.name.trim(), role: values.role as Role };
      await call("POST /api/registrations", { body: { ...body, language: language.value } });
      try {
        begin(await call("POST /api/session", { body: { email, password: values.password } }));
      } catch (error) {
        // The address had an account with another password: nothing of it is told, here as elsewhere.
        if (error instanceof ApiError && error.code === "WRONG_CREDENTIALS") return onSent();
        throw error;
      }
      navigate("/", "replace");
    },
  );
  return (
    <EntranceFrame
      pageTitle={m.register.pageTitle}
      heading={m.register.heading}
      lead={m.register.lead}
      foot={
        <p>
          {m.register.haveAccount} <Link href="/sign-in">{m.register.signIn}</Link>
        </p>
      }
    >
      <form class="form" noValidate onSubmit={form.submit}>
        {site.organisations.length > 1 && (
          <SelectField
            form={form}
            name="organisation"
            label={m.fields.organisation}
            options={site.organisations.map(({ id, name }) => [id, name] as const)}
          />
        )}
        <SelectField
          form={form}
          name="role"
          label={m.fields.role}
          hint={m.rolesMeaning[form.values.role as Role]}
          options={ASKABLE.map((role) => [role, m.roles[role]] as const)}
        />
        <AccountFields form={form} />
        <Problem text={form.problem} />
        <BusyButton busy={form.busy} class="button--primary button--big" testId="submit">
          {m.register.submit}
        </BusyButton>
      </form>
    </EntranceFrame>
  );
}
