/** Text of a table. Spreadsheets in Russia still write windows-1251 where a file says nothing of its encoding. */
export function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1251").decode(bytes);
  }
}

/** File name -> text, as the server takes them. */
export async function readFiles(files: readonly File[]): Promise<Readonly<Record<string, string>>> {
  const read = files.map(async (file) => [file.name, decode(await file.arrayBuffer())] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Saves a text as a file, with the mark by which spreadsheets know UTF-8. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
