import "./badge.css";

export interface BadgeSignProps {
  readonly badge: string;
  readonly word: string;
  /** The whole sentence, for who points at it. */
  readonly title: string;
  /** The sign alone, for small tiles. */
  readonly compact?: boolean;
}

/** The sign of confirmed staff, in a colour that nothing else has. Only ever drawn of what the server says. */
export function BadgeSign({ badge, word, title, compact = false }: BadgeSignProps) {
  return (
    <span
      class={`badge ${compact ? "badge--compact" : ""}`}
      data-testid="badge"
      data-badge={badge}
      title={title}
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
      {!compact && <span class="badge__word">{word}</span>}
    </span>
  );
}
