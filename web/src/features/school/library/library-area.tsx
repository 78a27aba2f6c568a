import type { PageProps } from "../school.tsx";
import { ContentPage } from "./content-page.tsx";
import { LibraryPage } from "./library-page.tsx";
import "./library.css";

/** All pages of the library: a chunk of their own. */
export function LibraryArea(props: PageProps) {
  return props.id ? <ContentPage {...props} id={props.id} /> : <LibraryPage {...props} />;
}
