/** What only who leads a call needs; it loads when somebody does. */
export { ExtendDialog } from "./extend-dialog.tsx";
export { FilmControls } from "./film-controls.tsx";
export { HostPeople } from "./host-people.tsx";
export { HostTools } from "./host-tools.tsx";
