import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { explain, s } from "../i18n/school/index.ts";
import { Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";
import "./parts.css";

export type Values = Readonly<Record<string, string>>;
/** Words for a value that cannot be sent, or null. */
export type Check = (value: string) => string | null;

export interface Form<V extends Values> {
  readonly values: V;
  readonly busy: boolean;
  readonly problem: string | null;
  set(name: keyof V, value: string): void;
  /** Told once somebody has tried to send. */
  fault(name: keyof V): string | null;
  submit(event: Event): void;
}

export const NAME_LENGTH = 120;
const PASSWORD_LENGTH = { least: 10, most: 200 };

export const required: Check = (value) => {
  if (value.trim() === "") return s().faults.missing;
  return value.length > NAME_LENGTH ? s().faults.tooLong : null;
};
export const isEmail: Check = (value) => (/^[^@\s]+@[^@\s]+$/.test(value.trim()) ? null : s().faults.email);
export const chosen: Check = (value) => (value === "" ? s().faults.choose : null);
export const isNewPassword: Check = (value) => {
  if (value.length > PASSWORD_LENGTH.most) return s().faults.tooLong;
  return value.length < PASSWORD_LENGTH.least ? s().faults.shortPassword : null;
};

/** Values of a form's fields, what is wrong with them, and sending them once. */
export function useForm<V extends Values>(
  initial: V,
  checks: Partial<Record<keyof V, Check>>,
  send: (values: V) => Promise<void>,
): Form<V> {
  const [values, setValues] = useState(initial);
  const [tried, setTried] = useState(0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const element = useRef<HTMLFormElement | null>(null);
  const fault = (name: keyof V) => (tried > 0 ? (checks[name]?.(values[name] ?? "") ?? null) : null);
  useEffect(() => {
    if (tried > 0) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [tried]);
  const submit = (event: Event) => {
    event.preventDefault();
    element.current = event.currentTarget as HTMLFormElement;
    setTried((n) => n + 1);
    if (busy || Object.entries(checks).some(([name, check]) => check?.(values[name] ?? ""))) return;
    setBusy(true);
    setError(null);
    send(values)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return {
    values,
    busy,
    problem: error === null ? null : explain(error),
    set: (name, value) => setValues((known) => ({ ...known, [name]: value })),
    fault,
    submit,
  };
}

interface FieldProps<V extends Values> {
  readonly form: Form<V>;
  readonly name: keyof V & string;
  readonly label: string;
  readonly hint?: string | undefined;
}

function Field<V extends Values>(
  props: FieldProps<V> & {
    id: string;
    children: (described: { "aria-describedby"?: string; "aria-invalid"?: boolean }) => ComponentChildren;
  },
) {
  const fault = props.form.fault(props.name);
  const ids = [props.hint && `${props.id}-hint`, fault && `${props.id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label class="field__label" for={props.id}>
        {props.label}
      </label>
      {props.children({
        ...(ids ? { "aria-describedby": ids } : {}),
        ...(fault ? { "aria-invalid": true } : {}),
      })}
      {props.hint && (
        <span class="field__hint" id={`${props.id}-hint`}>
          {props.hint}
        </span>
      )}
      {fault && (
        <span class="field__error" id={`${props.id}-fault`}>
          <Icon name="alert" size={20} />
          {fault}
        </span>
      )}
    </div>
  );
}

/** One line. Days and times of day are chosen as the browser lets people choose them. */
export function TextField<V extends Values>(
  props: FieldProps<V> & {
    type?: "text" | "email" | "date" | "time";
    autocomplete?: string;
    readOnly?: boolean;
  },
) {
  const id = useId();
  const { form, name } = props;
  return (
    <Field {...props} id={id}>
      {(described) => (
        <input
          {...described}
          id={id}
          class="input"
          name={name}
          type={(props.type ?? "text") as "text"}
          data-testid={`field-${name}`}
          autocomplete={(props.autocomplete ?? "off") as "off"}
          readOnly={props.readOnly}
          spellcheck={false}
          value={form.values[name]}
          onInput={(event) => form.set(name, event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Many lines. */
export function AreaField<V extends Values>(props: FieldProps<V> & { rows: number }) {
  const id = useId();
  const { form, name } = props;
  return (
    <Field {...props} id={id}>
      {(described) => (
        <textarea
          {...described}
          id={id}
          class="input"
          name={name}
          rows={props.rows}
          data-testid={`field-${name}`}
          value={form.values[name]}
          onInput={(event) => form.set(name, event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function PasswordField<V extends Values>(props: FieldProps<V> & { isNew?: boolean }) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const { form, name } = props;
  const m = s().fields;
  return (
    <Field {...props} id={id}>
      {(described) => (
        <span class="password">
          <input
            {...described}
            id={id}
            class="input"
            name={name}
            type={(shown ? "text" : "password") as "password"}
            data-testid={`field-${name}`}
            autocomplete={props.isNew ? "new-password" : "current-password"}
            spellcheck={false}
            autocapitalize="off"
            value={form.values[name]}
            onInput={(event) => form.set(name, event.currentTarget.value)}
          />
          <button
            type="button"
            class="password__show"
            aria-pressed={shown}
            aria-controls={id}
            onClick={() => setShown(!shown)}
          >
            {shown ? m.hidePassword : m.showPassword}
          </button>
        </span>
      )}
    </Field>
  );
}

export type Option = readonly [value: string, label: string];

/** A list to choose from, outside or inside of a form. */
export function Select(props: {
  id?: string;
  name?: string;
  value: string;
  options: readonly Option[];
  label?: string;
  testId?: string | undefined;
  described?: { "aria-describedby"?: string; "aria-invalid"?: boolean };
  onChoose: (value: string) => void;
}) {
  return (
    <span class="select-wrap">
      <select
        {...props.described}
        id={props.id}
        name={props.name}
        class="select"
        aria-label={props.label}
        data-testid={props.testId}
        value={props.value}
        onChange={(event) => props.onChoose(event.currentTarget.value)}
      >
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={20} />
    </span>
  );
}

export function SelectField<V extends Values>(props: FieldProps<V> & { options: readonly Option[] }) {
  const id = useId();
  return (
    <Field {...props} id={id}>
      {(described) => (
        <Select
          id={id}
          name={props.name}
          testId={`field-${props.name}`}
          value={props.form.values[props.name] ?? ""}
          options={props.options}
          described={described}
          onChoose={(value) => props.form.set(props.name, value)}
        />
      )}
    </Field>
  );
}

/** A button that shows that its work goes on. It keeps the focus, so it is never disabled. */
export function BusyButton(props: {
  busy: boolean;
  class?: string;
  testId?: string;
  type?: "submit" | "button";
  onClick?: () => void;
  children: ComponentChildren;
}) {
  return (
    <button
      type={props.type ?? "submit"}
      class={`button ${props.class ?? "button--primary"}`}
      aria-disabled={props.busy}
      data-testid={props.testId}
      onClick={(event) => {
        if (props.busy) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {props.busy && <span class="spinner" aria-hidden="true" />}
      {props.children}
    </button>
  );
}

/** Why the server refused, read aloud at once. */
export function Problem({ text }: { text: string | null }) {
  return text === null ? null : (
    <Notice tone="danger" icon="alert" alert>
      <p>{text}</p>
    </Notice>
  );
}
