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

/** By this spreadsheets know UTF-8. */
export const BYTE_ORDER_MARK = "\ufeff";

/** Saves a text as a file. */
export function saveText(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
