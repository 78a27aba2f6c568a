import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Catalogue } from "../../i18n/index.ts";
import { t } from "../../i18n/index.ts";
import { isInAppView, permissionGuide } from "../../platform/browser.ts";
import type { CaptureProblem } from "../../platform/capture.ts";
import { Notice } from "../../ui/notice.tsx";
import type { Preview, PreviewState } from "./preview.ts";

export function problemOf(state: PreviewState): CaptureProblem | null {
  return state === "starting" || state === "live" || state === "off" ? null : state;
}

/** One sentence for the two devices together, so that nobody reads the same thing twice. */
export function describeProblems(
  camera: CaptureProblem | null,
  microphone: CaptureProblem | null,
  m: Catalogue,
): string[] {
  if (camera === "blocked" && microphone === "blocked") return [m.capture.bothBlocked];
  if (camera === "missing" && microphone === "missing") return [m.capture.bothMissing];
  const lines: string[] = [];
  if (camera && camera !== "insecure") lines.push(m.capture.camera[camera]);
  if (microphone && microphone !== "insecure") lines.push(m.capture.microphone[microphone]);
  return lines;
}

/** Why there is no picture or sound, that one can enter all the same, and what to do in this browser. */
export function CaptureHelp({ preview }: { preview: Preview }) {
  const m = t().capture;
  const camera = problemOf(preview.camera.state.value);
  const microphone = problemOf(preview.microphone.state.value);
  useRetryWhenAllowed(preview, camera === "blocked" || microphone === "blocked");
  if (!camera && !microphone) return null;
  const inApp = isInAppView(navigator.userAgent);
  if (camera === "insecure" || microphone === "insecure") return <InsecureHelp />;
  const problems = [camera, microphone];
  const again = (
    <button type="button" class="button button--quiet" onClick={() => void retry(preview)}>
      {t().common.retry}
    </button>
  );
  return (
    <Notice tone="warning" icon="alert" heading={describeProblems(camera, microphone, t()).join(". ")} alert>
      <p>{m.enterAnyway}</p>
      {inApp && <p>{m.inAppText}</p>}
      {problems.includes("busy") && <p>{m.busyHint}</p>}
      {problems.includes("missing") && <p>{m.missingHint}</p>}
      {!inApp && problems.includes("blocked") ? <PermissionSteps>{again}</PermissionSteps> : again}
    </Notice>
  );
}

function InsecureHelp() {
  const m = t().capture;
  const inApp = isInAppView(navigator.userAgent) && window.isSecureContext;
  return (
    <Notice tone="warning" icon="info" heading={inApp ? m.inAppHeading : m.insecureHeading} alert>
      <p>{inApp ? m.inAppText : m.insecureText}</p>
      {!inApp && <p>{m.insecureAction}</p>}
    </Notice>
  );
}

/** Folded away, so that the name and the way in stay in sight; the last step is `children`. */
function PermissionSteps({ children }: { children: ComponentChildren }) {
  const m = t().capture;
  const guide = permissionGuide(navigator.userAgent, navigator.maxTouchPoints);
  return (
    <details class="prejoin__steps">
      <summary>{m.howToAllow}</summary>
      <ol>
        {m.steps[guide].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {children}
    </details>
  );
}

async function retry(preview: Preview): Promise<void> {
  for (const kind of ["microphone", "camera"] as const) {
    if (problemOf(preview[kind].state.value)) await preview.enable(kind);
  }
}

/** Tries again by itself as soon as the browser reports that a permission was given back. */
function useRetryWhenAllowed(preview: Preview, blocked: boolean): void {
  useEffect(() => {
    if (!blocked || !navigator.permissions?.query) return;
    const watched: PermissionStatus[] = [];
    let active = true;
    const onChange = () => void retry(preview);
    for (const name of ["camera", "microphone"] as const) {
      navigator.permissions.query({ name: name as PermissionName }).then(
        (status) => {
          if (!active) return;
          status.addEventListener("change", onChange);
          watched.push(status);
        },
        // Firefox does not know these names: there the button is the way.
        () => undefined,
      );
    }
    return () => {
      active = false;
      for (const status of watched) status.removeEventListener("change", onChange);
    };
  }, [preview, blocked]);
}
