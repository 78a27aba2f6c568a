import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export function Notice(props: {
  tone?: "plain" | "warning" | "danger";
  icon: IconName;
  heading?: string;
  alert?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <div class={`notice notice--${props.tone ?? "plain"}`} role={props.alert ? "alert" : undefined}>
      <Icon name={props.icon} />
      <div class="notice__body">
        {props.heading && <p class="notice__heading">{props.heading}</p>}
        {props.children}
      </div>
    </div>
  );
}
