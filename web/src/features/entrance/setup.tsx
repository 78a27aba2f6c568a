import { useState } from "preact/hooks";
import { call } from "../../api/school.ts";
import { language } from "../../i18n/index.ts";
import { s } from "../../i18n/school/index.ts";
import { navigate } from "../../navigation.ts";
import { TIME_ZONES, timeZoneOptions } from "../../platform/time-zone.ts";
import { BusyButton, Problem, required, SelectField, TextField, useForm } from "../../ui/form.tsx";
import { Loading, Unreachable } from "../../ui/lazy.tsx";
import { Link } from "../../ui/link.tsx";
import { MessagePage } from "../../ui/page.tsx";
import { useResource } from "../../ui/resource.ts";
import { begin } from "../school/session.ts";
import { ACCOUNT_CHECKS, AccountFields, NEW_ACCOUNT } from "./account-fields.tsx";
import { EntranceFrame } from "./frame.tsx";

/** The code of the console's link. It leaves the address bar at once. */
function takeCode(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

export function SetUp() {
  const [code] = useState(takeCode);
  const site = useResource(() => call("GET /api/site"), []);
  const m = s().setup;
  if (site.error) return <Unreachable onRetry={site.reload} />;
  if (!site.data) return <Loading />;
  if (!site.data.needs_setup)
    return (
      <MessagePage pageTitle={m.pageTitle} heading={m.doneHeading} text={[m.doneText]} testId="setup-done">
        <div class="message__actions">
          <Link class="button button--primary" href="/sign-in">
            {s().signIn.submit}
          </Link>
        </div>
      </MessagePage>
    );
  if (!code)
    return (
      <MessagePage
        pageTitle={m.pageTitle}
        heading={m.noCodeHeading}
        text={[m.noCodeText]}
        testId="setup-no-code"
      />
    );
  return <SetUpForm code={code} />;
}

function SetUpForm({ code }: { code: string }) {
  const m = s();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const form = useForm(
    { organisation: "", zone: TIME_ZONES.includes(own) ? own : "Europe/Moscow", ...NEW_ACCOUNT },
    { organisation: required, ...ACCOUNT_CHECKS },
    async (values) => {
      const body = {
        code,
        organisation: values.organisation.trim(),
        time_zone: values.zone,
        name: values.name.trim(),
        email: values.email.trim(),
        password: values.password,
        language: language.value,
      };
      begin(await call("POST /api/setup", { body }));
      navigate("/", "replace");
    },
  );
  return (
    <EntranceFrame pageTitle={m.setup.pageTitle} heading={m.setup.heading} lead={m.setup.lead}>
      <form class="form" noValidate onSubmit={form.submit}>
        <fieldset class="form__section">
          <legend>{m.setup.organisationSection}</legend>
          <TextField
            form={form}
            name="organisation"
            label={m.setup.organisationName}
            hint={m.setup.organisationHint}
            autocomplete="organization"
          />
          <SelectField form={form} name="zone" label={m.fields.timeZone} options={timeZoneOptions()} />
        </fieldset>
        <fieldset class="form__section">
          <legend>{m.setup.headSection}</legend>
          <AccountFields form={form} />
        </fieldset>
        <Problem text={form.problem} />
        <BusyButton busy={form.busy} class="button--primary button--big" testId="submit">
          {m.setup.submit}
        </BusyButton>
      </form>
    </EntranceFrame>
  );
}
