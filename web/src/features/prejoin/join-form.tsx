import { useRef, useState } from "preact/hooks";
import { NAME_MAX_LENGTH } from "../../api/lessons.ts";
import { t } from "../../i18n/index.ts";
import { readStored, writeStored } from "../../platform/storage.ts";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import type { PrejoinProps } from "./prejoin.tsx";

/** The name as it is sent: inner runs of white space become one blank. */
export function normaliseName(raw: string): string {
  return raw.trim().replace(/\s+/gu, " ").slice(0, NAME_MAX_LENGTH);
}

export function JoinForm(props: {
  problem: PrejoinProps["problem"];
  knownAs: string | null;
  onJoin: (name: string) => Promise<void>;
}) {
  const m = t().prejoin;
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(() => readStored("name") ?? "");
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const clean = normaliseName(props.knownAs ?? name);
    setMissing(clean === "");
    if (clean === "") {
      input.current?.focus();
      return;
    }
    if (props.knownAs === null) writeStored("name", clean);
    setBusy(true);
    try {
      await props.onJoin(clean);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="join-form" onSubmit={(event) => void submit(event)} noValidate>
      {props.knownAs !== null ? (
        <p class="join-form__known" data-testid="known-as">
          <Icon name="person" size={20} />
          {m.knownAs(props.knownAs)}
        </p>
      ) : (
        <div class="field">
          <label class="field__label" for="join-name">
            {m.nameLabel}
          </label>
          <input
            ref={input}
            id="join-name"
            class="input"
            data-testid="join-name"
            type="text"
            name="name"
            autocomplete="name"
            autocapitalize="words"
            enterkeyhint="go"
            maxLength={NAME_MAX_LENGTH}
            value={name}
            aria-invalid={missing}
            aria-describedby={missing ? "join-name-error" : "join-name-hint"}
            onInput={(event) => {
              setName(event.currentTarget.value);
              setMissing(false);
            }}
          />
          {missing ? (
            <span class="field__error" id="join-name-error" role="alert">
              <Icon name="alert" size={20} />
              {m.nameMissing}
            </span>
          ) : (
            <span class="field__hint" id="join-name-hint">
              {m.nameHint}
            </span>
          )}
        </div>
      )}
      {props.problem && (
        <Notice tone="danger" icon="alert" alert>
          <p>{props.problem.text}</p>
          <p>
            {t().common.code}: <code data-testid="join-error-code">{props.problem.code}</code>
          </p>
        </Notice>
      )}
      <button
        type="submit"
        class="button button--primary button--big button--wide"
        data-testid="join-button"
        aria-disabled={busy}
      >
        {busy && <span class="spinner" aria-hidden="true" />}
        {busy ? m.joining : m.join}
      </button>
    </form>
  );
}
