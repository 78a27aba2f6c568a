import type { Attended } from "../../../api/schema.ts";
import { formatTime, s } from "../../../i18n/school/index.ts";
import { minutes } from "./totals.ts";

/** Who was in one time of a lesson. */
export function AttendedTable({ rows }: { rows: readonly Attended[] }) {
  const m = s().attendance;
  return (
    <table class="counts" data-testid="attended">
      <caption class="visually-hidden">{m.table}</caption>
      <thead>
        <tr>
          <th scope="col">{m.columns.name}</th>
          <th scope="col">{m.columns.time}</th>
          <th scope="col">{m.columns.minutes}</th>
          <th scope="col" class="counts__extra">
            {m.columns.joins}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.person}>
            <th scope="row">{row.name}</th>
            <td>
              {formatTime(row.came_at)}–{formatTime(row.left_at)}
            </td>
            <td>{minutes(row.received_s)}</td>
            <td class="counts__extra">{row.joins}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
