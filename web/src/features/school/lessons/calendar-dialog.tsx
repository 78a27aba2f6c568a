import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { BusyButton, Problem, useForm } from "../../../ui/form.tsx";
import { Handover } from "../../../ui/handover.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";

/** The secret link by which a calendar program shows one's own lessons. */
export function CalendarDialog({ onClose }: { onClose: () => void }) {
  const m = s().lessons;
  const found = useResource(() => call("GET /api/me/calendar"), []);
  const form = useForm({}, {}, async () => {
    await call("POST /api/me/calendar");
    await found.reload();
  });
  return (
    <Dialog title={m.ownCalendar} onClose={onClose} testId="calendar-dialog">
      <p>{m.ownCalendarText}</p>
      <Loaded from={found}>{({ link }) => <Handover label={m.ownCalendar} link={link} />}</Loaded>
      <form class="form" onSubmit={form.submit}>
        <Problem text={form.problem} />
        <BusyButton busy={form.busy} class="button--quiet">
          {m.ownCalendarRenew}
        </BusyButton>
      </form>
    </Dialog>
  );
}
