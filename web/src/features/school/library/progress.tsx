/** How far something is, 0 to 1; null: it goes on, nobody knows how far. */
export function Bar(props: { label: string; done: number | null; text?: string; testId?: string }) {
  const { done } = props;
  const percent = done === null ? null : Math.round(Math.min(1, Math.max(0, done)) * 100);
  return (
    <div
      class={`bar ${percent === null ? "bar--busy" : ""}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={props.text}
      data-testid={props.testId}
    >
      <span class="bar__done" style={percent === null ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
