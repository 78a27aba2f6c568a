import { useEffect, useState } from "preact/hooks";

export type HostTools = typeof import("../host/index.ts");

/** What only hosts need is a chunk of its own, which nobody else loads. Null until it is here. */
export function useHostTools(wanted: boolean): HostTools | null {
  const [tools, setTools] = useState<HostTools | null>(null);
  useEffect(() => {
    if (!wanted || tools) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = () =>
      import("../host/index.ts").then(setTools, () => {
        timer = setTimeout(load, 2000);
      });
    void load();
    return () => clearTimeout(timer);
  }, [wanted]);
  return wanted ? tools : null;
}
