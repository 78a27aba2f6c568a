import type { Role } from "../../api/schema.ts";
import type { SchoolPage } from "../../route.ts";
import type { IconName } from "../../ui/icon.tsx";

export interface Section {
  readonly name: "home" | SchoolPage;
  readonly path: string;
  readonly icon: IconName;
  /** Who has it. */
  readonly roles: readonly Role[];
  /** Phones have no place for it in the menu: a page of the menu leads there. */
  readonly wide?: boolean;
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
  { name: "library", path: "/library", icon: "film", roles: ["head", "teacher", "methodologist"] },
  { name: "journal", path: "/journal", icon: "journal", roles: ["head", "teacher"], wide: true },
  {
    name: "people",
    path: "/people",
    icon: "people",
    roles: ["head", "teacher", "methodologist", "operator"],
  },
  { name: "groups", path: "/groups", icon: "grid", roles: ["head", "teacher", "methodologist"] },
  { name: "families", path: "/families", icon: "family", roles: ["head", "teacher"] },
  { name: "consents", path: "/consents", icon: "consent", roles: ["head"], wide: true },
  { name: "family", path: "/family", icon: "family", roles: ["guardian"] },
  { name: "audit", path: "/audit", icon: "log", roles: ["head"], wide: true },
  { name: "data", path: "/data", icon: "shield", roles: ["head", "operator"], wide: true },
];

export function sectionsOf(roles: ReadonlySet<Role>): readonly Section[] {
  return SECTIONS.filter((section) => section.roles.some((role) => roles.has(role)));
}
