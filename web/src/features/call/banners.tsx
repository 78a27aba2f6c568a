import type { ComponentChildren } from "preact";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import type { Call, ParticipantView, Secrecy, Trouble } from "./model.ts";
import { VerdictBanner } from "./verdict-banner.tsx";

function TroubleBanner({ trouble, onClose }: { trouble: Trouble; onClose: () => void }) {
  const m = t();
  const texts: Record<Trouble, string> = {
    microphone: m.call.microphoneFailed,
    camera: m.call.cameraFailed,
    screen: m.call.screenFailed,
    device: m.devices.switchFailed,
  };
  return (
    <div class="banner banner--warning" role="alert">
      <Icon name="alert" size={20} />
      <span>{texts[trouble]}</span>
      <button type="button" class="icon-button" aria-label={m.common.close} onClick={onClose}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}

/** In a consultation: nobody but the two sides can look in, if both read the same code. */
function SecrecyBanner({ call, secrecy }: { call: Call; secrecy: Secrecy }) {
  const m = t().call.secrecy;
  const people = call.participants.value;
  const name = (identity: string) => people.find((one) => one.identity === identity)?.name ?? identity;
  return (
    <div class="banner banner--plain" role="status" data-testid="secrecy" data-kind={secrecy.kind}>
      <Icon name="lock" size={20} />
      {secrecy.kind === "on" ? (
        <span>
          {m.on}{" "}
          {secrecy.codes.map(({ identity, code }) => (
            <strong key={identity} data-testid="secrecy-code" title={name(identity)}>
              {secrecy.codes.length > 1 ? `${name(identity)}: ` : ""}
              {code}
            </strong>
          ))}
        </span>
      ) : (
        <span>{m[secrecy.kind]}</span>
      )}
    </div>
  );
}

/** What needs the person's attention, above the pictures and never over the controls. */
export function Banners(props: {
  call: Call;
  local: ParticipantView | undefined;
  children?: ComponentChildren;
}) {
  const { call, local } = props;
  const m = t();
  const trouble = call.trouble.value;
  // While the connection is away that is said instead.
  const verdict = call.phase.value.kind === "connected" ? call.verdict.value : null;
  return (
    <div class="banners">
      <ConnectionBanner call={call} />
      {call.audioBlocked.value && (
        <button
          type="button"
          class="banner banner--action"
          data-testid="start-audio"
          onClick={() => void call.startAudio()}
        >
          <Icon name="volume" />
          {m.call.tapToHear}
        </button>
      )}
      {trouble && <TroubleBanner trouble={trouble} onClose={() => call.dismissTrouble()} />}
      {verdict && <VerdictBanner verdict={verdict} onClose={() => call.dismissVerdict()} />}
      {call.secrecy.value && <SecrecyBanner call={call} secrecy={call.secrecy.value} />}
      {call.savingData.value && (
        <div class="banner banner--plain" role="status" data-testid="saving-data">
          <Icon name="info" size={20} />
          <span>{m.dataBudget.saving}</span>
        </div>
      )}
      {props.children}
      {local?.screen && (
        <div class="banner banner--plain">
          <Icon name="screen" size={20} />
          <span>{m.call.youShare}</span>
          <button type="button" class="button" onClick={() => void call.setScreen(false)}>
            {m.call.stopSharingNow}
          </button>
        </div>
      )}
    </div>
  );
}
