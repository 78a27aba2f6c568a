import type { GroupAnswer } from "../../../api/schema.ts";
import { s } from "../../../i18n/school/index.ts";
import { Link } from "../../../ui/link.tsx";

export function GroupTiles({ groups, heading }: { groups: readonly GroupAnswer[]; heading: "h2" | "h3" }) {
  const m = s();
  const Heading = heading;
  return (
    <ul class="tiles" data-testid="groups">
      {groups.map((group) => (
        <li key={group.id}>
          <Link class="tile-link" href={`/groups/${group.id}`}>
            <Heading>{group.name}</Heading>
            <span class="chips">
              <span class="tag">{m.ages[group.age]}</span>
            </span>
            <p>{group.teachers.map(({ name }) => name).join(", ") || m.groups.noTeachers}</p>
          </Link>
        </li>
      ))}
    </ul>
  );
}
