import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import type { Seal, SealedRendition } from "../../api/schema.ts";
import { call } from "../../api/school.ts";
import { formatBytes } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { sealWords } from "../../i18n/seal/index.ts";
import { announce } from "../../ui/announcer.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import { type SealCheck as Check, useSealCheck } from "./use-seal-check.ts";
import type { Changed } from "./verify.ts";
import "./seal.css";

const MOST_SHOWN = 10;

/** 1:02:03, or 2:03. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, number) => (number ? String(part).padStart(2, "0") : String(part))).join(":");
}

function nameOf(rendition: SealedRendition): string {
  const m = sealWords().parts;
  if (rendition.kind === "webvtt") return m.subtitles;
  if (rendition.kind === "opus" || rendition.kind === "cmaf-aac") return m.sound;
  return m.picture(rendition.layer + 1);
}

/**
 * Checks a seal in this browser. `isPublic`: of verified content; `onServer`: lets the server read all, too, for who
 * may; it is told what came of it.
 */
export function SealCheck(props: {
  content: string;
  isPublic: boolean;
  onServer: (() => Promise<boolean>) | null;
  atOnce?: boolean;
}) {
  const m = sealWords();
  const { content, isPublic, onServer } = props;
  const { check, start, stop } = useSealCheck(content, isPublic);
  const [told, setTold] = useState<"good" | "broken" | "failed" | null>(null);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (props.atOnce) void start();
  }, []);
  useEffect(() => {
    if (check.kind === "good") announce(m.good);
    if (check.kind === "signatureOnly") announce(m.signatureGood);
  }, [check.kind]);
  const ask = () => {
    if (!onServer || asking) return;
    setAsking(true);
    setTold(null);
    onServer()
      .then((isGood) => setTold(isGood ? "good" : "broken"))
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setTold("failed");
      })
      .finally(() => setAsking(false));
  };
  const isRunning = check.kind === "running" || check.kind === "reading";
  return (
    <div class="seal" data-testid="seal-check" data-state={check.kind}>
      {(check.kind === "idle" || isRunning) && <p class="soft">{m.text}</p>}
      <Result check={check} />
      {told && (
        <Notice
          tone={told === "broken" ? "danger" : told === "failed" ? "warning" : "plain"}
          icon={told === "good" ? "check" : "alert"}
          alert={told !== "good"}
        >
          <p data-testid="server-check">
            {told === "good" ? m.serverGood : told === "broken" ? m.serverBroken : m.failed}
          </p>
        </Notice>
      )}
      <div class="seal__actions">
        {isRunning ? (
          <button type="button" class="button button--quiet" data-testid="stop-check" onClick={stop}>
            {m.stop}
          </button>
        ) : (
          <button
            type="button"
            class={`button ${check.kind === "idle" ? "button--primary" : ""}`}
            data-testid="check-seal"
            onClick={() => void start()}
          >
            <Icon name="shield" size={20} />
            {check.kind === "idle" ? m.check : m.again}
          </button>
        )}
        {onServer && !isRunning && check.kind !== "idle" && (
          <button
            type="button"
            class="button button--quiet"
            aria-disabled={asking}
            data-testid="check-on-server"
            onClick={ask}
          >
            {asking && <span class="spinner" aria-hidden="true" />}
            {m.onServer}
          </button>
        )}
      </div>
    </div>
  );
}

function Result({ check }: { check: Check }) {
  const m = sealWords();
  switch (check.kind) {
    case "idle":
      return null;
    case "reading":
      return <p role="status">{m.reading}</p>;
    case "running":
      return <Running done={check.progress.done} all={check.progress.all} />;
    case "noSeal":
      return <Failure text={m.noSeal} />;
    case "unsupported":
      return <Failure text={m.unsupported} />;
    case "insecure":
      return <Failure text={m.insecure} />;
    case "failed":
      return <Failure text={m.failed} />;
    case "signature":
      return (
        <Notice tone="danger" icon="alert" heading={m.broken} alert>
          <p>{m.signatureFaults[check.fault]}</p>
          <p>{m.whatToDo}</p>
        </Notice>
      );
    case "changed":
      return (
        <Notice tone="danger" icon="alert" heading={m.broken} alert>
          <p>{m.changed(check.count)}:</p>
          <ChangedList changed={check.changed} count={check.count} />
          <p>{m.whatToDo}</p>
        </Notice>
      );
    case "signatureOnly":
      return <Good heading={m.signatureGood} text={m.signatureOnly} seal={check.seal} />;
    case "good":
      return <Good heading={m.good} text={m.goodText(check.pieces)} seal={check.seal} />;
  }
}

function Running({ done, all }: { done: number; all: number }) {
  const m = sealWords();
  const bytes = (size: number) => formatBytes(size, language.value, t());
  const percent = Math.round((done / all) * 100);
  return (
    <div class="seal__running">
      <div
        class="seal__bar"
        role="progressbar"
        aria-label={m.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span style={{ width: `${percent}%` }} />
      </div>
      <p class="soft">{all > 1 ? m.progress(bytes(done), bytes(all)) : m.reading}</p>
    </div>
  );
}

function Failure({ text }: { text: string }) {
  return (
    <Notice tone="warning" icon="alert" alert>
      <p>{text}</p>
    </Notice>
  );
}

/** Where the film is not what was signed: what of it, and at which moments. */
function ChangedList({ changed, count }: { changed: readonly Changed[]; count: number }) {
  const m = sealWords();
  const shown = changed.slice(0, MOST_SHOWN);
  return (
    <ul class="seal__changed" data-testid="changed-pieces">
      {shown.map(({ gone, rendition, second }) => (
        <li key={`${rendition.file} ${second}`}>
          {gone ? m.gone(nameOf(rendition)) : m.where(nameOf(rendition), clock(second))}{" "}
          <code>{rendition.file}</code>
        </li>
      ))}
      {count > shown.length && <li>{m.more(count - shown.length)}</li>}
    </ul>
  );
}

function Good(props: { heading: string; text: string; seal: Seal }) {
  const m = sealWords();
  const { metadata, renditions } = props.seal.manifest;
  const size = renditions.reduce((sum, one) => sum + one.size, 0);
  const verified = metadata["verified_at"];
  const by = m.verifiers[String(metadata["verified_by"])];
  const when = typeof verified === "string" ? new Date(verified) : null;
  const locale = language.value === "en" ? "en-GB" : "ru";
  const facts = [
    [m.title, metadata["title"]],
    [m.organisation, metadata["organisation"]],
    [
      m.verifiedAt,
      when
        ? [new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(when), by].filter(Boolean).join(", ")
        : m.not,
    ],
    [m.signedBy, props.seal.key],
    [m.details, m.files(renditions.length, formatBytes(size, language.value, t()))],
  ];
  return (
    <>
      <div class="notice seal__good" data-testid="seal-good">
        <Icon name="check" />
        <div class="notice__body">
          <p class="notice__heading">{props.heading}</p>
          <p>{props.text}</p>
        </div>
      </div>
      <dl class="seal__facts">
        {facts.map(([name, value]) => (
          <div key={String(name)}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** The server reads everything; whether what it found is what was signed. */
export async function askServer(content: string): Promise<boolean> {
  const answer = await call("POST /api/content/{content}/seal/check", { path: { content } });
  return answer.seal_broken_at === null;
}
