// The one way in which every judge speaks: one line of JSON per file, `{"file", "accepted", "messages"}`.
// A judge that cannot work at all throws; the harness takes any exit status but 0 for a broken judge, never for a verdict.
import fs from "node:fs";

/** Runs `judge(text, file)`, which returns a list of complaints, over the files named on the command line. */
export async function judgeFiles(judge) {
  for (const file of process.argv.slice(2)) {
    const messages = await judge(fs.readFileSync(file, "utf8"), file);
    process.stdout.write(JSON.stringify({ file, accepted: messages.length === 0, messages }) + "\n");
  }
}
