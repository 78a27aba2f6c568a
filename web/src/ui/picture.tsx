/** The mark of the product: sun over a clearing between firs. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="16" fill="#1d6a45" />
      <circle cx="32" cy="24" r="9" fill="#f7d98a" />
      <path d="M16 15l8.5 25h-17zM48 15l8.5 25h-17z" fill="#0f4a2e" />
      <path d="M0 42c9-6 20-8 32-8s23 2 32 8v6c0 8.8-7.2 16-16 16H16C7.2 64 0 56.8 0 48z" fill="#7fc79b" />
      <ellipse cx="32" cy="50" rx="15" ry="5.5" fill="#f6f3ea" />
    </svg>
  );
}

function Fir({ x, y, height }: { x: number; y: number; height: number }) {
  const w = height * 0.3;
  const tier = (from: number, to: number, half: number) =>
    `M${x} ${y - height * from}L${x + half} ${y - height * to}H${x - half}z`;
  return (
    <path
      fill="var(--fir)"
      d={`${tier(1, 0.56, w * 0.62)}${tier(0.78, 0.3, w * 0.82)}${tier(0.54, 0.04, w)}M${x - 2} ${y - height * 0.06}h4v${height * 0.1}h-4z`}
    />
  );
}

/** A forest clearing: the place where everyone meets. Purely decorative. */
export function Clearing({ class: className }: { class?: string }) {
  return (
    <svg class={className} viewBox="0 0 400 260" aria-hidden="true" focusable="false">
      <defs>
        <clipPath id="clearing-frame">
          <rect width="400" height="260" rx="36" />
        </clipPath>
      </defs>
      <g clip-path="url(#clearing-frame)">
        <rect width="400" height="260" fill="var(--sky)" />
        <circle cx="200" cy="104" r="40" fill="var(--sun)" />
        <path d="M0 150C60 116 120 128 190 140s150-30 210-8v128H0z" fill="var(--hill-far)" />
        <Fir x={36} y={196} height={130} />
        <Fir x={84} y={184} height={92} />
        <Fir x={366} y={198} height={138} />
        <Fir x={318} y={186} height={98} />
        <Fir x={124} y={176} height={62} />
        <Fir x={280} y={177} height={66} />
        <path d="M0 190c70-26 140-30 200-30s130 4 200 30v70H0z" fill="var(--hill-near)" />
        <ellipse cx="200" cy="216" rx="104" ry="26" fill="var(--clearing)" />
      </g>
    </svg>
  );
}
