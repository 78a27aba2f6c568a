import type { Role } from "../../api/schema.ts";
import type { SchoolPage } from "../../route.ts";
import type { IconName } from "../../ui/icon.tsx";

export interface Section {
  readonly name: "home" | SchoolPage;
  readonly path: string;
  readonly icon: IconName;
  /** Who has it. */
  readonly roles: readonly Role[];
}

const EVERYBODY: readonly Role[] = ["head", "teacher", "methodologist", "operator", "guardian"];

/** In the order of the menu. What a role has not, it does not see. */
export const SECTIONS: readonly Section[] = [
  { name: "home", path: "/", icon: "home", roles: EVERYBODY },
  {
    name: "lessons",
    path: "/lessons",
    icon: "calendar",
    roles: ["head", "teacher", "methodologist", "guardian"],
  },
  {
    name: "people",
    path: "/people",
    icon: "people",
    roles: ["head", "teacher", "methodologist", "operator"],
  },
  { name: "groups", path: "/groups", icon: "grid", roles: ["head", "teacher", "methodologist"] },
  { name: "families", path: "/families", icon: "family", roles: ["head", "teacher"] },
  { name: "audit", path: "/audit", icon: "log", roles: ["head"] },
];

export function sectionsOf(roles: ReadonlySet<Role>): readonly Section[] {
  return SECTIONS.filter((section) => section.roles.some((role) => roles.has(role)));
}
