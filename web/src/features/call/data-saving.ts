export const DATA_SAVING_TOPIC = "polyana.data_saving";

/** Whether the server keeps pictures small for the data budget. */
export function parseDataSaving(payload: Uint8Array): boolean {
  try {
    const told: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof told === "object" && told !== null && "saving" in told && told.saving === true;
  } catch {
    return false;
  }
}
