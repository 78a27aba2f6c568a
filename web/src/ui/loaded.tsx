import type { ComponentChildren } from "preact";
import { t } from "../i18n/index.ts";
import { explain } from "../i18n/school/index.ts";
import { Notice } from "./notice.tsx";
import { Clearing } from "./picture.tsx";
import type { Resource } from "./resource.ts";

/** What was loaded, or that it loads, or why it did not. */
export function Loaded<T>(props: { from: Resource<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, reload } = props.from;
  return (
    <>
      {error !== null && (
        <Notice tone="danger" icon="alert" alert>
          <p>{explain(error)}</p>
          <button type="button" class="button" onClick={() => void reload()}>
            {t().common.retry}
          </button>
        </Notice>
      )}
      {data !== null ? props.children(data) : error === null && <Skeleton />}
    </>
  );
}

export function Skeleton() {
  return (
    <div class="skeleton" role="status" data-testid="loading">
      <span class="visually-hidden">{t().common.loading}</span>
      <i />
      <i />
      <i />
    </div>
  );
}

/** A part of a page whose code could not be loaded: after an update of the server the old chunks are gone. */
export function PartFailed() {
  return (
    <Notice tone="danger" icon="alert" alert>
      <p>{t().unreachable.text}</p>
      <button type="button" class="button" onClick={() => location.reload()}>
        {t().common.retry}
      </button>
    </Notice>
  );
}

/** Nothing is there yet: why, and what to do. */
export function Empty(props: { heading?: string; text: string; children?: ComponentChildren }) {
  return (
    <div class="empty" data-testid="empty">
      <Clearing class="empty__picture" />
      {props.heading && <h2>{props.heading}</h2>}
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}
