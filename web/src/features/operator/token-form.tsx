import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";

export function TokenForm(props: { rejected: boolean; onToken: (token: string) => void }) {
  const m = t().operator;
  const [value, setValue] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (value.trim()) props.onToken(value.trim());
  };
  return (
    <Page>
      <form class="token-form" onSubmit={submit}>
        <h1>{m.tokenHeading}</h1>
        <p>{m.tokenText}</p>
        <div class="field">
          <label class="field__label" for="operator-token">
            {m.tokenLabel}
          </label>
          <input
            id="operator-token"
            class="input"
            data-testid="operator-token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={value}
            aria-invalid={props.rejected}
            aria-describedby={props.rejected ? "operator-token-error" : undefined}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
          {props.rejected && (
            <span class="field__error" id="operator-token-error" role="alert">
              <Icon name="alert" size={20} />
              {m.tokenWrong}
            </span>
          )}
        </div>
        <button type="submit" class="button button--primary button--big">
          {m.tokenSubmit}
        </button>
      </form>
    </Page>
  );
}
