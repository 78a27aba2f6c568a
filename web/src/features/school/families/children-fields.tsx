import { useId } from "preact/hooks";
import type { ChildBody, GroupAnswer } from "../../../api/schema.ts";
import { s } from "../../../i18n/school/index.ts";
import { NAME_LENGTH, Select } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";

/** First names and groups of a family's children. */
export function ChildrenFields(props: {
  kids: readonly ChildBody[];
  groups: readonly GroupAnswer[];
  onChange: (children: readonly ChildBody[]) => void;
}) {
  const m = s().families;
  const change = (index: number, part: Partial<ChildBody>) =>
    props.onChange(props.kids.map((child, at) => (at === index ? { ...child, ...part } : child)));
  return (
    <fieldset class="form__section">
      <legend>{m.children}</legend>
      <p class="field__hint">{m.childNameHint}</p>
      {props.kids.map((child, index) => (
        <ChildFields
          key={child.id ?? index}
          child={child}
          number={index + 1}
          groups={props.groups}
          onChange={(part) => change(index, part)}
          onRemove={() => props.onChange(props.kids.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <button
          type="button"
          class="button button--small"
          data-testid="add-child"
          onClick={() => props.onChange([...props.kids, {}])}
        >
          <Icon name="plus" size={20} />
          {m.addChild}
        </button>
      </div>
    </fieldset>
  );
}

function ChildFields(props: {
  child: ChildBody;
  number: number;
  groups: readonly GroupAnswer[];
  onChange: (part: Partial<ChildBody>) => void;
  onRemove: () => void;
}) {
  const m = s().families;
  const id = useId();
  const { child } = props;
  return (
    <fieldset class="child-row" aria-label={m.child(props.number)}>
      <div class="field">
        <label class="field__label" for={`${id}-name`}>
          {m.childName}
        </label>
        <input
          id={`${id}-name`}
          class="input"
          autocomplete="off"
          maxLength={NAME_LENGTH}
          data-testid={`child-${props.number}`}
          value={child.first_name ?? ""}
          onInput={(event) => props.onChange({ first_name: event.currentTarget.value })}
        />
      </div>
      <div class="field">
        <label class="field__label" for={`${id}-group`}>
          {m.childGroup}
        </label>
        <Select
          id={`${id}-group`}
          testId={`child-${props.number}-group`}
          value={child.group ?? ""}
          options={[["", m.noGroup], ...props.groups.map((group) => [group.id, group.name] as const)]}
          onChoose={(group) => props.onChange({ group })}
        />
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={m.removeChild(child.first_name || m.child(props.number))}
        onClick={props.onRemove}
      >
        <Icon name="close" size={20} />
      </button>
    </fieldset>
  );
}
