import type { ContentQuery, ContentState, GroupAnswer, Programme } from "../../../api/schema.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { type Option, Select } from "../../../ui/form.tsx";

export const AGE_MARKS = [0, 6, 12, 16, 18] as const;

/** What is looked for; empty text: any. */
export interface Wanted {
  readonly query: string;
  readonly state: string;
  readonly programme: string;
  readonly ageMark: string;
  readonly group: string;
}

export const NOTHING_WANTED: Wanted = { query: "", state: "", programme: "", ageMark: "", group: "" };

/** As the API takes it. */
export function queryOf(wanted: Wanted): ContentQuery {
  return {
    query: wanted.query.trim(),
    state: (wanted.state || null) as ContentState | null,
    programme: (wanted.programme || null) as Programme | null,
    age_mark: wanted.ageMark === "" ? null : Number(wanted.ageMark),
    group: wanted.group || null,
  };
}

export function Filters(props: {
  wanted: Wanted;
  groups: readonly GroupAnswer[];
  onChange: (wanted: Wanted) => void;
}) {
  const m = l();
  const { wanted, onChange } = props;
  const marks = AGE_MARKS.map((mark) => [String(mark), m.atMost(mark)] as const);
  const groups = props.groups.map(({ id, name }) => [id, name] as const);
  const choices: readonly (readonly [keyof Wanted, string, string, readonly Option[]])[] = [
    ["state", m.filterState, m.anyState, Object.entries(m.states)],
    ["programme", m.filterProgramme, m.anyProgramme, Object.entries(s().lessons.programmes)],
    ["ageMark", m.filterAgeMark, m.anyAgeMark, marks],
    ["group", m.filterGroup, m.anyGroup, groups],
  ];
  return (
    <search class="library-filters" aria-label={m.filters}>
      <input
        class="input library-filters__query"
        type="search"
        aria-label={m.search}
        placeholder={m.search}
        maxLength={200}
        data-testid="content-query"
        value={wanted.query}
        onInput={(event) => onChange({ ...wanted, query: event.currentTarget.value })}
      />
      {choices.map(
        ([name, label, any, options]) =>
          options.length > 0 && (
            <Select
              key={name}
              label={label}
              testId={`filter-${name}`}
              value={wanted[name]}
              options={[["", any], ...options]}
              onChoose={(value) => onChange({ ...wanted, [name]: value })}
            />
          ),
      )}
    </search>
  );
}
