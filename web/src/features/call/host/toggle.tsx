import { useId } from "preact/hooks";

export interface ToggleProps {
  readonly testId: string;
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => unknown;
}

/** A switch that shows what the server says, not what was pressed. */
export function Toggle({ testId, label, hint, on, onChange }: ToggleProps) {
  const id = useId();
  return (
    <button
      type="button"
      role="switch"
      class="toggle"
      data-testid={testId}
      aria-checked={on}
      aria-describedby={hint && id}
      aria-label={label}
      onClick={() => void onChange(!on)}
    >
      <span class="toggle__words">
        <span>{label}</span>
        {hint && (
          <span class="person__note" id={id}>
            {hint}
          </span>
        )}
      </span>
      <span class="toggle__track" aria-hidden="true" />
    </button>
  );
}
