import type { EntrancePage } from "../../route.ts";
import { Register } from "./register.tsx";
import { SetUp } from "./setup.tsx";
import { SignIn } from "./sign-in.tsx";

const PAGES = { "sign-in": SignIn, register: Register, setup: SetUp } as const;

/** Pages of those who have not signed in. */
export function Entrance({ name }: { name: EntrancePage }) {
  const Shown = PAGES[name];
  return <Shown />;
}
