// Talks to the planner on this machine.

/** One page is one client: a newer question takes the place of its older one. */
export const client = [...crypto.getRandomValues(new Uint8Array(12))]
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("");

/** What the planner said no to: `findings` name their fields, `ways` say what would do. */
export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.code;
    this.findings = error.findings || [];
    this.ways = error.ways_out || [];
  }
}

async function post(path, body, signal) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Planner": "1" },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ code: 5, message: "The planner does not answer. Is it still running?" });
  }
  if (response.ok) return response;
  const text = await response.text();
  let error = { code: 5, message: text.trim() || `The planner answered ${response.status}.` };
  try {
    error = JSON.parse(text).error || error;
  } catch {
    // A sentence, not JSON.
  }
  throw new Refused(error);
}

export async function ask(path, body, signal) {
  return (await post(path, body, signal)).json();
}

/** A file from the planner, handed to the browser's downloads. */
export async function fetchFile(name, body) {
  const response = await post(`/api/download/${encodeURIComponent(name)}`, body);
  const told = response.headers.get("Content-Disposition") || "";
  const file = (told.match(/filename="([^"]+)"/) || [null, name])[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = file;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  return file;
}

/** The bytes of a chosen file, as base64. */
export function readFile(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(new Refused({ code: 5, message: `${file.name} cannot be read.` }));
    reader.readAsDataURL(file);
  });
}
