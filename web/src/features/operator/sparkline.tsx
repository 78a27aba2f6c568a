import { sparklinePoints } from "./history.ts";

const WIDTH = 240;
const HEIGHT = 40;

/** The course of a number over the last two minutes; the number itself stands beside it in text. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const points = sparklinePoints(values, WIDTH, HEIGHT);
  const first = points.split(",")[0] ?? "0";
  return (
    <svg
      class="sparkline"
      viewBox={`0 -3 ${WIDTH} ${HEIGHT + 6}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <polygon class="sparkline__area" points={`${first},${HEIGHT} ${points} ${WIDTH},${HEIGHT}`} />
      <polyline class="sparkline__line" points={points} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
