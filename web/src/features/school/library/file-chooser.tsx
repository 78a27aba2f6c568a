import { useState } from "preact/hooks";
import { Icon } from "../../../ui/icon.tsx";

/** One file, chosen or dropped. */
export function FileChooser(props: {
  label: string;
  drop?: string;
  accept: string;
  primary?: boolean;
  testId: string;
  onChoose: (file: File) => void;
}) {
  const [over, setOver] = useState(false);
  const button = (
    <span class={`button file-button ${props.primary ? "button--primary" : ""}`}>
      <Icon name="plus" size={20} />
      {props.label}
      <input
        type="file"
        accept={props.accept}
        aria-label={props.label}
        data-testid={props.testId}
        onChange={(event) => {
          const input = event.currentTarget;
          const file = input.files?.[0];
          // The same file may be chosen again after it failed.
          if (file) props.onChoose(file);
          input.value = "";
        }}
      />
    </span>
  );
  if (!props.drop) return button;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way, the button is the first
    <div
      class={`drop ${over ? "drop--over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) props.onChoose(file);
      }}
    >
      {button}
      <span class="soft drop__words">{props.drop}</span>
    </div>
  );
}
