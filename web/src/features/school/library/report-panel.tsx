import type { ReportAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { Icon, type IconName } from "../../../ui/icon.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import {
  type CheckResult,
  type Found,
  isWhole,
  measured,
  results,
  standsStill,
  type Verdict,
} from "./findings.ts";
import { clock, number } from "./words.ts";

const MOST_PLACES = 8;
const SIGNS: Readonly<Record<Verdict, IconName>> = {
  error: "alert",
  warning: "alert",
  note: "info",
  good: "check",
};

/** What the automatic checks found in the file. `onSeek`: shows a moment in the preview, where there is one. */
export function ReportPanel(props: { content: string; onSeek: ((second: number) => void) | null }) {
  const m = l().report;
  const path = { content: props.content };
  const found = useResource(() => call("GET /api/content/{content}/report", { path }), [props.content]);
  return (
    <section class="card-box" data-testid="report">
      <h2>{m.heading}</h2>
      <Loaded from={found}>
        {(report) => <Report content={props.content} report={report} onSeek={props.onSeek} />}
      </Loaded>
    </section>
  );
}

function Report(props: { content: string; report: ReportAnswer; onSeek: ((second: number) => void) | null }) {
  const m = l().report;
  const { content, report } = props;
  const picture = (name: string) =>
    address("GET /api/content/{content}/pictures/{picture}", { path: { content, picture: name } });
  const checks = results(report);
  return (
    <>
      {!report.acceptable && (
        <Notice tone="danger" icon="alert">
          <p>{m.blocked}</p>
        </Notice>
      )}
      <ul class="checks">
        {checks.map((one) => (
          <Check key={one.name} result={one} duration={report.duration} onSeek={props.onSeek} />
        ))}
      </ul>
      {report.loudness && <LoudnessTable loudness={report.loudness} />}
      <dl class="facts facts--pairs">
        {report.medium !== "sound" && <Fact name={m.size} value={`${report.width} × ${report.height}`} />}
        {report.medium === "film" && <Fact name={m.frameRate} value={number(report.frame_rate)} />}
        {!standsStill(report) && <Fact name={m.channels} value={String(report.channels)} />}
      </dl>
      {report.evidence.length > 0 && (
        <div class="form">
          <h3>{m.frames}</h3>
          <ul class="frames" data-testid="evidence">
            {report.evidence.map(({ time, picture: name }) => (
              <li key={name}>
                <figure class="frames__one">
                  <img src={picture(name)} alt={m.frameAlt(clock(time))} loading="lazy" />
                  <figcaption>
                    <Time second={time} text={clock(time)} onSeek={props.onSeek} />
                  </figcaption>
                </figure>
              </li>
            ))}
          </ul>
        </div>
      )}
      {(report.medium === "film" || report.medium === "document") && (
        <details class="details">
          <summary>{report.medium === "film" ? m.sheet : m.pagesSheet}</summary>
          <img class="sheet-picture" src={picture("contact-sheet")} alt={m.sheetAlt} loading="lazy" />
        </details>
      )}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div class="facts__one">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Check(props: { result: CheckResult; duration: number; onSeek: ((second: number) => void) | null }) {
  const m = l().report;
  const { found, name, verdict } = props.result;
  return (
    <li class={`checks__one checks__one--${verdict}`} data-testid={`check-${name}`} data-verdict={verdict}>
      <span class="checks__sign">
        <Icon name={SIGNS[verdict]} size={20} />
      </span>
      <div class="checks__words">
        <p class="row__title">
          {m.checks[name]}
          <span class={`tag ${TONES[verdict]}`}>{m.severities[verdict]}</span>
        </p>
        {found.map((one) => (
          <Finding key={one.code} found={one} duration={props.duration} onSeek={props.onSeek} />
        ))}
      </div>
    </li>
  );
}

const TONES: Readonly<Record<Verdict, string>> = {
  error: "tag--bad",
  warning: "tag--waiting",
  note: "",
  good: "tag--good",
};

function Finding(props: { found: Found; duration: number; onSeek: ((second: number) => void) | null }) {
  const m = l().report;
  const { duration, found } = props;
  const moments = found.places.filter((place) => !isWhole(place, duration));
  const shown = moments.slice(0, MOST_PLACES);
  const words = [m.findings[found.code], measured(found)].filter(Boolean).join(": ");
  return (
    <div>
      <p class="row__note">{words}</p>
      {shown.length > 0 && (
        <p class="places">
          <span class="visually-hidden">{m.at}: </span>
          {shown.map(({ start, end }) => (
            <Time
              key={start}
              second={start}
              text={end - start >= 1 ? `${clock(start)}–${clock(end)}` : clock(start)}
              onSeek={props.onSeek}
            />
          ))}
          {moments.length > shown.length && <span>{m.more(moments.length - shown.length)}</span>}
        </p>
      )}
    </div>
  );
}

function Time(props: { second: number; text: string; onSeek: ((second: number) => void) | null }) {
  const { onSeek, second } = props;
  if (!onSeek) return <span class="time">{props.text}</span>;
  return (
    <button type="button" class="time time--button" onClick={() => onSeek(second)}>
      {props.text}
    </button>
  );
}

function LoudnessTable({ loudness }: { loudness: NonNullable<ReportAnswer["loudness"]> }) {
  const m = l().report;
  const { correction, integrated, range, true_peak } = loudness;
  const tell = (value: number | null, unit: "lufs" | "dbtp" | "lu") =>
    value === null ? m.silent : m.units[unit](number(value));
  const after = (value: number | null) => (value === null ? null : value + correction);
  return (
    <div class="form">
      <h3>{m.loudness}</h3>
      <table class="counts counts--loudness" data-testid="loudness">
        <thead>
          <tr>
            <td />
            <th scope="col">{m.loudnessBefore}</th>
            <th scope="col">{m.loudnessAfter}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{m.integrated}</th>
            <td>{tell(integrated, "lufs")}</td>
            <td>{tell(after(integrated), "lufs")}</td>
          </tr>
          <tr>
            <th scope="row">{m.truePeak}</th>
            <td>{tell(true_peak, "dbtp")}</td>
            <td>{tell(after(true_peak), "dbtp")}</td>
          </tr>
          <tr>
            <th scope="row">{m.range}</th>
            <td>{tell(range, "lu")}</td>
            <td>{tell(range, "lu")}</td>
          </tr>
        </tbody>
      </table>
      <p class="soft">{Math.abs(correction) < 0.05 ? m.loudnessSame : m.loudnessText}</p>
    </div>
  );
}
