import { useId } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { chooseDataBudget, DATA_BUDGETS, dataBudget } from "../../platform/data-budget.ts";
import { Icon } from "../../ui/icon.tsx";

/** How much traffic a lesson may cost this family. */
export function DataBudgetSelect() {
  const id = useId();
  const m = t().dataBudget;
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {m.label}
      </label>
      <span class="select-wrap">
        <select
          id={id}
          class="select"
          data-testid="data-budget"
          aria-describedby={`${id}-hint`}
          value={dataBudget.value ?? ""}
          onChange={(event) => chooseDataBudget(Number(event.currentTarget.value) || null)}
        >
          <option value="">{m.unlimited}</option>
          {DATA_BUDGETS.map((megabytes) => (
            <option key={megabytes} value={megabytes}>
              {m.upTo(megabytes)}
            </option>
          ))}
        </select>
        <Icon name="chevron" size={20} />
      </span>
      <span class="field__hint" id={`${id}-hint`}>
        {m.hint}
      </span>
    </div>
  );
}
