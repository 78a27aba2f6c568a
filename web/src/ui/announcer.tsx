import { signal } from "@preact/signals";

const message = signal("");
let repeats = 0;

/** Speaks a short message through the page's polite live region. */
export function announce(text: string): void {
  // The same words twice in a row are a new message: an invisible difference makes readers say it again.
  repeats = message.value.startsWith(text) ? repeats + 1 : 0;
  message.value = text + "\u00a0".repeat(repeats % 2);
}

export function Announcer() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {message.value}
    </div>
  );
}
