import { useState } from "preact/hooks";
import { ApiError } from "../../../api/http.ts";
import type { Me, Role } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { StateTag } from "../../../ui/badge.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import {
  BusyButton,
  isNewPassword,
  PasswordField,
  Problem,
  required,
  SelectField,
  TextField,
  useForm,
} from "../../../ui/form.tsx";
import { LookFields } from "../../../ui/look-fields.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import { ASKABLE } from "../../entrance/register.tsx";
import { begin, type Place, signOut } from "../session.ts";
import { OrganisationForm } from "./organisation-form.tsx";

export function AccountPage({ me, place }: { me: Me; place: Place | null }) {
  const m = s().account;
  return (
    <SchoolPage title={m.pageTitle} testId="account-page">
      <NameForm me={me} />
      <section class="card-box">
        <h2>{m.look}</h2>
        <LookFields onLanguage={(language) => void call("PATCH /api/me", { body: { language } })} />
      </section>
      <Roles me={me} />
      {place?.roles.has("head") && <OrganisationForm place={place} />}
      {me.has_password && <PasswordForm me={me} />}
      <Leave />
    </SchoolPage>
  );
}

function NameForm({ me }: { me: Me }) {
  const m = s();
  const form = useForm({ name: me.name, email: me.email }, { name: required }, async ({ name }) => {
    begin(await call("PATCH /api/me", { body: { name: name.trim() } }));
    announce(m.common.saved);
  });
  return (
    <section class="card-box">
      <h2>{m.account.person}</h2>
      <form class="form" noValidate onSubmit={form.submit}>
        <div class="form__pair">
          <TextField form={form} name="name" label={m.fields.yourName} autocomplete="name" />
          <TextField form={form} name="email" label={m.fields.email} type="email" readOnly />
        </div>
        <Problem text={form.problem} />
        <div>
          <BusyButton busy={form.busy} class="button" testId="save-name">
            {m.common.save}
          </BusyButton>
        </div>
      </form>
    </section>
  );
}

function Roles({ me }: { me: Me }) {
  const m = s();
  const site = useResource(() => call("GET /api/site"), []);
  // Who came from another server may have no role anywhere yet.
  const organisation = me.roles[0]?.organisation ?? site.data?.organisations[0];
  const held = new Set(me.roles.map(({ role }) => role));
  const askable = ASKABLE.filter((role) => !held.has(role));
  const form = useForm({ role: askable[0] ?? "" }, {}, async ({ role }) => {
    if (!organisation) return;
    const body = { organisation: organisation.id, role: role as Role };
    begin(await call("POST /api/me/roles", { body }));
  });
  return (
    <section class="card-box">
      <h2>{m.account.roles}</h2>
      <ul class="rows">
        {me.roles.map((role) => (
          <li key={role.id} class="row">
            <div class="row__main">
              <p class="row__title">
                {m.roles[role.role]} <StateTag state={role.state} />
              </p>
              <p class="row__note">{role.organisation.name}</p>
            </div>
          </li>
        ))}
      </ul>
      {organisation && askable.length > 0 && (
        <details class="details">
          <summary>{m.account.askRole}</summary>
          <form class="form" onSubmit={form.submit}>
            <p class="soft">{m.account.askRoleText}</p>
            <SelectField
              form={form}
              name="role"
              label={m.fields.role}
              hint={m.rolesMeaning[form.values.role as Role]}
              options={askable.map((role) => [role, m.roles[role]] as const)}
            />
            <Problem text={form.problem} />
            <div>
              <BusyButton busy={form.busy} class="button" testId="ask-role">
                {m.account.askRole}
              </BusyButton>
            </div>
          </form>
        </details>
      )}
    </section>
  );
}

function PasswordForm({ me }: { me: Me }) {
  const m = s();
  const [done, setDone] = useState(0);
  return (
    <PasswordFields
      key={done}
      me={me}
      onDone={() => {
        announce(m.account.passwordChanged);
        setDone((n) => n + 1);
      }}
    />
  );
}

function PasswordFields({ me, onDone }: { me: Me; onDone: () => void }) {
  const m = s();
  const [wrong, setWrong] = useState(false);
  const form = useForm({ old: "", new: "" }, { old: required, new: isNewPassword }, async (body) => {
    setWrong(false);
    try {
      await call("PUT /api/me/password", { body });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "WRONG_CREDENTIALS") throw error;
      return setWrong(true);
    }
    onDone();
  });
  return (
    <section class="card-box">
      <h2>{m.account.password}</h2>
      <form class="form" noValidate onSubmit={form.submit}>
        <input type="hidden" name="username" autocomplete="username" value={me.email} />
        <div class="form__pair">
          <PasswordField form={form} name="old" label={m.account.oldPassword} />
          <PasswordField
            form={form}
            name="new"
            isNew
            label={m.fields.newPassword}
            hint={m.fields.passwordHint}
          />
        </div>
        <p class="soft">{m.account.passwordNote}</p>
        <Problem text={wrong ? m.account.wrongOld : form.problem} />
        <div>
          <BusyButton busy={form.busy} class="button" testId="change-password">
            {m.account.changePassword}
          </BusyButton>
        </div>
      </form>
    </section>
  );
}

function Leave() {
  const m = s().account;
  const [asking, setAsking] = useState(false);
  const form = useForm({}, {}, () => signOut(false));
  return (
    <section class="card-box">
      <h2>{m.leave}</h2>
      <p class="soft">{m.signOutEverywhereText}</p>
      <Problem text={form.problem} />
      <form class="form__actions" onSubmit={form.submit}>
        <BusyButton busy={form.busy} class="button--primary" testId="sign-out">
          {m.signOut}
        </BusyButton>
        <button type="button" class="button button--quiet" onClick={() => setAsking(true)}>
          {m.signOutEverywhere}
        </button>
      </form>
      {asking && (
        <Confirm
          title={m.signOutEverywhereTitle}
          text={[s().account.passwordNote]}
          action={m.signOut}
          act={() => signOut(true)}
          onDone={() => setAsking(false)}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
