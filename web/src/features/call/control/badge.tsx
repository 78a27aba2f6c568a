import { c } from "../../../i18n/control/index.ts";
import "./badge.css";

function wordOf(badge: string): string {
  const { badges } = c();
  return badge in badges ? badges[badge as keyof typeof badges] : badges.staff;
}

/** What a badge says to those who do not see it. Empty without one. */
export function badgeWords(badge: string): string {
  return badge === "" ? "" : c().badgeConfirmed(wordOf(badge));
}

/**
 * The mark of confirmed staff. It is drawn of what the server says only: no name, however written, looks like it.
 * `compact`: the sign alone, for small tiles.
 */
export function Badge({ badge, compact = false }: { badge: string; compact?: boolean }) {
  if (badge === "") return null;
  return (
    <span
      class={`badge ${compact ? "badge--compact" : ""}`}
      data-testid="badge"
      data-badge={badge}
      title={badgeWords(badge)}
    >
      <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true" focusable="false">
        <path
          fill="currentColor"
          d="M12 1.8l2.6 2.1 3.3-.3 1 3.2 2.8 1.8-1.1 3.1 1.1 3.2-2.8 1.8-1 3.2-3.3-.3L12 21.7l-2.6-2.1-3.3.3-1-3.2-2.8-1.8 1.1-3.2-1.1-3.1 2.8-1.8 1-3.2 3.3.3z"
        />
        <path
          class="badge__tick"
          fill="none"
          stroke-width="2.4"
          stroke-linecap="round"
          stroke-linejoin="round"
          d="M8 12l2.8 2.8L16 9.3"
        />
      </svg>
      {!compact && <span class="badge__word">{wordOf(badge)}</span>}
    </span>
  );
}
