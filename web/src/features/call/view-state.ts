/** Which layout is on screen, as a pure reducer: what the person chose wins over what happens. */

export type Layout = "grid" | "speaker";

export interface ViewState {
  readonly layout: Layout;
  readonly pinnedId: string | null;
  /** The layout to go back to when the shared screen or the pin ends. */
  readonly returnTo: Layout | null;
}

export type ViewEvent =
  | { readonly type: "layoutSwitched" }
  /** Somebody leads the call: who leads is large, until one chooses otherwise. */
  | { readonly type: "led" }
  | { readonly type: "pinToggled"; readonly id: string }
  | { readonly type: "tilesChanged"; readonly ids: readonly string[]; readonly hasScreen: boolean };

export const INITIAL_VIEW: ViewState = { layout: "grid", pinnedId: null, returnTo: null };

function restored(state: ViewState): ViewState {
  return { layout: state.returnTo ?? state.layout, pinnedId: null, returnTo: null };
}

function togglePin(state: ViewState, id: string): ViewState {
  if (state.pinnedId === id) return restored(state);
  return { layout: "speaker", pinnedId: id, returnTo: state.returnTo ?? state.layout };
}

/** `hadScreen` is whether a screen was shared before this event. */
export function reduceView(state: ViewState, event: ViewEvent, hadScreen: boolean): ViewState {
  switch (event.type) {
    case "layoutSwitched":
      return { layout: state.layout === "grid" ? "speaker" : "grid", pinnedId: null, returnTo: null };
    case "led":
      return { ...state, layout: "speaker", returnTo: null };
    case "pinToggled":
      return togglePin(state, event.id);
    case "tilesChanged": {
      const pinLost = state.pinnedId !== null && !event.ids.includes(state.pinnedId);
      const current = pinLost ? restored(state) : state;
      if (event.hasScreen && !hadScreen && current.layout === "grid") {
        return { ...current, layout: "speaker", returnTo: "grid" };
      }
      if (!event.hasScreen && hadScreen && current.pinnedId === null) return restored(current);
      return current;
    }
  }
}
