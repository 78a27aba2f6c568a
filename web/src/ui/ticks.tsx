import type { Option } from "./form.tsx";

/** Some of a few. */
export function Ticks(props: {
  legend: string;
  hint?: string | undefined;
  options: readonly Option[];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  if (props.options.length === 0) return null;
  const change = (value: string, on: boolean) =>
    props.onChange(on ? [...props.chosen, value] : props.chosen.filter((known) => known !== value));
  return (
    <fieldset class="form__section">
      <legend>{props.legend}</legend>
      {props.hint && <p class="field__hint">{props.hint}</p>}
      <div class="ticks">
        {props.options.map(([value, label]) => (
          <label key={value} class="tick">
            <input
              type="checkbox"
              checked={props.chosen.includes(value)}
              onChange={(event) => change(value, event.currentTarget.checked)}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
