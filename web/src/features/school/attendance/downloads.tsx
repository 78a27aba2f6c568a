import { s } from "../../../i18n/school/index.ts";
import { Icon } from "../../../ui/icon.tsx";

/** The same as files. */
export function Downloads({ csv, xlsx }: { csv: string; xlsx: string }) {
  const m = s().attendance;
  return (
    <div class="form__actions">
      <a class="button" href={xlsx} download data-testid="download-xlsx">
        <Icon name="download" size={20} />
        {m.xlsx}
      </a>
      <a class="button" href={csv} download data-testid="download-csv">
        <Icon name="download" size={20} />
        {m.csv}
      </a>
    </div>
  );
}
