import type { ComponentChildren } from "preact";
import type { ContentAnswer, GroupAnswer } from "../../../api/schema.ts";
import { address } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { formatDay, s } from "../../../i18n/school/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { lastDay } from "./basis.ts";
import { bytes, clock } from "./words.ts";

/** What is written of content, and its file by name and size. `onChange`: null for who may not. */
export function Facts(props: {
  content: ContentAnswer;
  groups: readonly GroupAnswer[];
  onChange: (() => void) | null;
}) {
  const m = l();
  const { content } = props;
  const names = props.groups.filter(({ id }) => content.groups.includes(id)).map(({ name }) => name);
  const missing = <span class="soft">{m.content.missing}</span>;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [m.form.programme, s().lessons.programmes[content.programme]],
    [m.form.age, content.age ? s().ages[content.age] : missing],
    [m.form.licence, content.licence || missing],
    [m.form.basisKind, content.basis || missing],
    [
      m.form.validUntil,
      content.valid_until
        ? m.content.validOver(formatDay(`${lastDay(content.valid_until)}T12:00`))
        : m.content.noTerm,
    ],
    [m.form.groups, content.groups.length === 0 ? m.content.forAll : names.join(", ")],
    [m.content.author, content.created_by?.name ?? missing],
    [m.content.madeAt, formatDay(content.created_at)],
  ];
  return (
    <section class="card-box" data-testid="content-facts">
      <div class="card-box__head">
        <h2>{m.content.facts}</h2>
        {props.onChange && (
          <button
            type="button"
            class="button button--small"
            data-testid="change-content"
            onClick={props.onChange}
          >
            {s().common.change}
          </button>
        )}
      </div>
      {content.description && <p class="prose">{content.description}</p>}
      <dl class="facts facts--pairs">
        {facts.map(([name, value]) => (
          <div key={name} class="facts__one">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {content.file_name && (
          <div class="facts__one">
            <dt>{m.content.file}</dt>
            <dd>
              {[
                content.file_name,
                content.size !== null && bytes(content.size),
                content.pages > 0
                  ? m.pages(content.pages)
                  : content.duration_s !== null && clock(content.duration_s),
              ]
                .filter(Boolean)
                .join(" · ")}
            </dd>
          </div>
        )}
      </dl>
      {content.file_name && (
        <div>
          <a
            class="button button--small"
            href={address("GET /api/content/{content}/source", { path: { content: content.id } })}
            download={content.file_name}
          >
            <Icon name="download" size={20} />
            {m.content.download}
          </a>
        </div>
      )}
    </section>
  );
}
