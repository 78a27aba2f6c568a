import type { RoomLoad } from "../../api/operator.ts";
import { formatBitrate, formatNumber } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";

/** The busiest room first: that is the one an operator looks for. */
function byTraffic(a: RoomLoad, b: RoomLoad): number {
  return b.bitrate_out_bps - a.bitrate_out_bps || a.name.localeCompare(b.name);
}

export function RoomsTable({ rooms }: { rooms: readonly RoomLoad[] }) {
  const m = t();
  const locale = language.value;
  if (rooms.length === 0) return <p class="operator__empty">{m.operator.roomsEmpty}</p>;
  return (
    <table class="rooms">
      <thead>
        <tr>
          <th scope="col">{m.operator.roomName}</th>
          <th scope="col">{m.operator.participants}</th>
          <th scope="col">{m.operator.tracks}</th>
          <th scope="col">{m.operator.bitrateIn}</th>
          <th scope="col">{m.operator.bitrateOut}</th>
        </tr>
      </thead>
      <tbody>
        {[...rooms].sort(byTraffic).map((room) => (
          <tr key={room.name}>
            <th scope="row">{room.name}</th>
            <td data-label={m.operator.participants}>{formatNumber(room.participants, locale)}</td>
            <td data-label={m.operator.tracks}>{formatNumber(room.tracks, locale)}</td>
            <td data-label={m.operator.bitrateIn}>{formatBitrate(room.bitrate_in_bps, locale, m)}</td>
            <td data-label={m.operator.bitrateOut}>{formatBitrate(room.bitrate_out_bps, locale, m)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
