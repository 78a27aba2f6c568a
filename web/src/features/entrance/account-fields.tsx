import { s } from "../../i18n/school/index.ts";
import {
  type Check,
  type Form,
  isEmail,
  isNewPassword,
  PasswordField,
  required,
  TextField,
} from "../../ui/form.tsx";

/** What an account needs, with its checks. */
export const NEW_ACCOUNT = { name: "", email: "", password: "" };
export const ACCOUNT_CHECKS = {
  name: required,
  email: isEmail,
  password: isNewPassword,
} satisfies Record<keyof typeof NEW_ACCOUNT, Check>;

/** `invited`: the address is that of an invitation. */
export function AccountFields<V extends typeof NEW_ACCOUNT & Readonly<Record<string, string>>>(props: {
  form: Form<V>;
  invited?: boolean;
}) {
  const m = s().fields;
  const { form } = props;
  return (
    <>
      <TextField form={form} name="name" label={m.yourName} hint={m.nameHint} autocomplete="name" />
      <TextField
        form={form}
        name="email"
        type="email"
        label={m.email}
        autocomplete="username"
        readOnly={props.invited ?? false}
      />
      <PasswordField form={form} name="password" isNew label={m.password} hint={m.passwordHint} />
    </>
  );
}
