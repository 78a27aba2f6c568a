import { s } from "../../../i18n/school/index.ts";

/** The server's drawing, as a picture: nothing in it can act. */
export function Qr({ svg }: { svg: string }) {
  return <img class="qr" src={`data:image/svg+xml,${encodeURIComponent(svg)}`} alt={s().lessons.qr} />;
}
