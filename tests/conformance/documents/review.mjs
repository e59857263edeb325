// A real browser and axe-core on the page for the board: wide and light, narrow and dark. What makes a page hard to use for
// somebody (axe's `serious` and `critical`), a page wider than its window, labels of pictures that lie on each other or stick
// out of their picture, a script that fails, and anything that is fetched are complaints.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import { judgeFiles } from "../lib/verdict.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
if (!browser) throw new Error("no chromium on PATH");

// Stands in the page: looks, and leaves what it found where `--dump-dom` prints it.
async function look() {
  const found = [];
  const tell = (what) => found.push(what);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) tell(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`);
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
    texts.sort((a, b) => a[1].top - b[1].top);
    texts.forEach(([words, box], i) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) tell(`the label "${words}" sticks out of its picture`);
      for (let j = i + 1; j < texts.length && texts[j][1].top < box.bottom - 4; j++) {
        const other = texts[j][1];
        if (other.left < box.right - 1 && box.left < other.right - 1) tell(`the labels "${words}" and "${texts[j][0]}" collide`);
      }
    });
  }
  for (const e of document.querySelectorAll("[src], [srcset], link[href], object[data], use[href]"))
    if (!(e.getAttribute("href") ?? "").startsWith("#")) tell(`fetches: <${e.localName}>`);
  for (const style of document.querySelectorAll("style")) if (/url\(|@import/.test(style.textContent)) tell("fetches: a style");
  if (document.querySelectorAll("[data-tick]").length !== document.querySelectorAll("[data-tick] input[type=checkbox]").length)
    tell("the script of the page does not run");
  const result = await window.axe.run(document, { resultTypes: ["violations"] });
  for (const v of result.violations.filter((v) => v.impact === "serious" || v.impact === "critical"))
    tell(`axe: ${v.id}: ${v.help} (${v.nodes.length} times; first ${v.nodes[0].target.join(" ")})`);
  return found;
}

const WAYS = [
  ["1280 px, light", "1280,900", 1],
  ["390 px, dark", "390,844", 0],
];

await judgeFiles((text) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "review-"));
  const page = path.join(folder, "review.html");
  const probe = `<script>${axe}</script><script>window.onerror = function (m) { window.failed = String(m); };
(${look.toString()})().catch(function (e) { return ["cannot look: " + e]; }).then(function (found) {
  document.body.innerHTML = ""; document.body.dataset.found = encodeURIComponent(JSON.stringify(found)); });</script>`;
  const end = text.lastIndexOf("</body>");
  fs.writeFileSync(page, end < 0 ? text + probe : text.slice(0, end) + probe + text.slice(end));
  const messages = [];
  for (const [name, size, scheme] of WAYS) {
    const args = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", `--user-data-dir=${folder}/profile`];
    args.push(`--window-size=${size}`, `--blink-settings=preferredColorScheme=${scheme}`, "--virtual-time-budget=60000");
    const done = spawnSync(browser, [...args, "--dump-dom", `file://${page}`], { maxBuffer: 1 << 28, timeout: 120_000 });
    const said = /data-found="([^"]*)"/.exec(String(done.stdout));
    if (!said) throw new Error(`${browser} says nothing of the page: ${done.error ?? String(done.stderr).slice(-500)}`);
    for (const message of JSON.parse(decodeURIComponent(said[1]))) messages.push(`${name}: ${message}`);
  }
  fs.rmSync(folder, { recursive: true, force: true });
  return messages;
});
