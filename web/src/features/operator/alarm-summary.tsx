import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import type { Alarm } from "./alarms.ts";

/** First of all whether anything is wrong; each name leads to the card that says what to do. */
export function AlarmSummary({ alarms }: { alarms: readonly Alarm[] }) {
  const m = t().operator;
  return (
    <p
      class={`operator__state ${alarms.length > 0 ? "operator__state--alarm" : ""}`}
      role="status"
      data-testid="operator-state"
    >
      <Icon name={alarms.length > 0 ? "alert" : "check"} />
      {alarms.length === 0 ? (
        m.allWell
      ) : (
        <span>
          {m.needsAttention}{" "}
          {alarms.map((alarm, index) => (
            <span key={alarm}>
              {index > 0 && ", "}
              <a href={`#${alarm}`}>{m[alarm]}</a>
            </span>
          ))}
        </span>
      )}
    </p>
  );
}
