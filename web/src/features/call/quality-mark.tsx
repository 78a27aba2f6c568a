import type { Quality } from "./model.ts";

const BARS: Record<Quality, number> = { excellent: 3, good: 2, poor: 1, lost: 0, unknown: 0 };

/** Three bars, filled by quality; what they mean stands in words beside them for screen readers. */
export function QualityMark({ quality }: { quality: Quality }) {
  const filled = BARS[quality];
  return (
    <svg class={`quality quality--${quality}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {[0, 1, 2].map((index) => (
        <rect
          key={index}
          x={1 + index * 5}
          y={10 - index * 4}
          width="4"
          height={5 + index * 4}
          rx="1"
          opacity={index < filled ? 1 : 0.35}
          fill="currentColor"
        />
      ))}
      {quality === "lost" && (
        <path d="M2 2l12 12" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
      )}
    </svg>
  );
}
