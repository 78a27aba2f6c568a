import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { timeZoneOptions } from "../../../platform/time-zone.ts";
import { announce } from "../../../ui/announcer.tsx";
import { BusyButton, Problem, required, SelectField, TextField, useForm } from "../../../ui/form.tsx";
import { type Place, refresh } from "../session.ts";

/** Name and time zone of the head's organisation, and whether its lessons may be recorded. */
export function OrganisationForm({ place }: { place: Place }) {
  const m = s();
  const { organisation } = place;
  const form = useForm(
    {
      organisation: organisation.name,
      zone: organisation.time_zone,
      recording: organisation.recording ? "asked" : "off",
    },
    { organisation: required },
    async ({ organisation: name, zone, recording }) => {
      const path = { organisation: organisation.id };
      const body = { name: name.trim(), time_zone: zone, recording: recording === "asked" };
      await call("PATCH /api/organisations/{organisation}", { path, body });
      await refresh();
      announce(m.common.saved);
    },
  );
  return (
    <section class="card-box">
      <h2>{m.account.organisationSection}</h2>
      <form class="form" noValidate onSubmit={form.submit}>
        <div class="form__pair">
          <TextField form={form} name="organisation" label={m.setup.organisationName} />
          <SelectField form={form} name="zone" label={m.fields.timeZone} options={timeZoneOptions()} />
          <SelectField
            form={form}
            name="recording"
            label={m.recordings.allow}
            options={Object.entries(m.recordings.allowed)}
          />
        </div>
        <Problem text={form.problem} />
        <div>
          <BusyButton busy={form.busy} class="button" testId="save-organisation">
            {m.common.save}
          </BusyButton>
        </div>
      </form>
    </section>
  );
}
