import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { isInside } from "./control/model.ts";
import { reactionsByIdentity } from "./control/reactions.tsx";
import { raisedHands } from "./control/state.ts";
import { bestGrid, GRID_GAP } from "./grid.ts";
import type { Call } from "./model.ts";
import { Tile } from "./tile.tsx";
import type { TileView } from "./tiles.ts";
import type { Layout } from "./view-state.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

function useSize(): [RefObject<HTMLDivElement | null>, Size] {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver((entries) => {
      const box = entries[0]?.contentRect;
      if (box) setSize({ width: box.width, height: box.height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

export interface StageProps {
  readonly call: Call;
  readonly tiles: readonly TileView[];
  readonly layout: Layout;
  readonly mainId: string | null;
  readonly pinnedId: string | null;
  readonly onPin: (id: string) => void;
}

/** So many tiles fit beside the large one in a single row of a phone. */
const FEW = 3;

/** Where people are seen. A change of layout moves no tile in the page, so no video restarts. */
export function Stage({ call, tiles, layout, mainId, pinnedId, onPin }: StageProps) {
  const [ref, size] = useSize();
  const grid = bestGrid(tiles.length, size.width, size.height);
  const snapshot = call.control.snapshot.value;
  const hands = raisedHands(snapshot);
  const reactions = reactionsByIdentity(call.control.reactions.value, isInside(snapshot) ? snapshot : null);
  const speaker = layout === "speaker" && tiles.length > 1;
  const style = {
    "--gap": `${GRID_GAP}px`,
    "--tile-width": `${grid.tileWidth}px`,
    "--tile-height": `${grid.tileHeight}px`,
  };
  return (
    <section class="stage" ref={ref} aria-label={t().call.stage}>
      <ul
        class={`stage__tiles stage__tiles--${speaker ? "speaker" : "grid"} ${grid.scrolls ? "stage__tiles--scrolls" : ""} ${tiles.length <= FEW ? "stage__tiles--few" : ""}`}
        style={style}
        data-layout={layout}
      >
        {tiles.map((tile) => (
          <Tile
            key={tile.id}
            tile={tile}
            call={call}
            main={speaker && tile.id === mainId}
            signs={{
              hand: hands.has(tile.participant.identity),
              reaction: reactions.get(tile.participant.identity) ?? null,
            }}
            pinned={tile.id === pinnedId}
            onPin={onPin}
          />
        ))}
      </ul>
    </section>
  );
}
