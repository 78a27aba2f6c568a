import type { DocumentAnswer } from "../../../api/schema.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";

/** Title, version and day of a document; its text unfolds. */
export function Document({ document }: { document: DocumentAnswer }) {
  const m = s().consents;
  return (
    <div>
      <p class="row__title">{document.title}</p>
      <p class="row__note">
        {m.version(document.version)}, {m.published(formatDay(document.published_at))}
      </p>
      <details class="details">
        <summary>{m.read}</summary>
        <p class="prose">{document.text}</p>
      </details>
    </div>
  );
}
