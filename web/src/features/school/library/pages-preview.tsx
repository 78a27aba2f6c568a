import { useState } from "preact/hooks";
import type { ContentAnswer } from "../../../api/schema.ts";
import { address } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { Icon } from "../../../ui/icon.tsx";

/** The prepared pages as viewers will see them; also turned by the arrow keys. */
export function PagesPreview({ content }: { content: ContentAnswer }) {
  const m = l().preview;
  const [page, setPage] = useState(1);
  const turn = (by: number) => setPage(Math.min(content.pages, Math.max(1, page + by)));
  const source = address("GET /api/content/{content}/pictures/{picture}", {
    path: { content: content.id, picture: `page-${String(page).padStart(3, "0")}` },
  });
  return (
    <section class="card-box" data-testid="pages-preview">
      <h2>{m.heading}</h2>
      {/* The same address has another picture after another upload. */}
      <img
        key={`${content.revision}-${page}`}
        class="film-preview film-preview--page"
        src={source}
        alt={m.page(page, content.pages)}
        data-testid="page-picture"
      />
      {content.pages > 1 && (
        // biome-ignore lint/a11y/noStaticElementInteractions: keys are a second way, the buttons are the first
        <div
          class="page-turner"
          onKeyDown={(event) => {
            const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (by === undefined) return;
            event.preventDefault();
            turn(by);
          }}
        >
          <button
            type="button"
            class="button"
            aria-disabled={page === 1}
            data-testid="page-before"
            onClick={() => turn(-1)}
          >
            <span class="page-turner__back">
              <Icon name="chevron" size={20} />
            </span>
            {m.before}
          </button>
          <p class="page-turner__place" role="status">
            {m.page(page, content.pages)}
          </p>
          <button
            type="button"
            class="button"
            aria-disabled={page === content.pages}
            data-testid="page-next"
            onClick={() => turn(1)}
          >
            {m.next}
            <span class="page-turner__on">
              <Icon name="chevron" size={20} />
            </span>
          </button>
        </div>
      )}
      <p class="soft">{m.pagesText}</p>
    </section>
  );
}
