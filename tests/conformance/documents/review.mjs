// A real browser and axe-core on the page for the board: wide and narrow, light and dark. What makes a page hard to use for
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
  // On a telephone nobody looks for the columns that a table hides at its side.
  if (root.clientWidth < 640)
    for (const table of document.querySelectorAll(".scroll > table"))
      if (table.offsetWidth > table.parentElement.clientWidth + 1) tell(`a table is ${table.offsetWidth} wide on a small screen: "${table.textContent.trim().slice(0, 40)}"`);
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    // Nor does anybody push a picture to and fro.
    if (root.clientWidth < 640 && frame.width > root.clientWidth) tell(`a picture is ${Math.round(frame.width)} wide on a small screen`);
    // What is shown on paper only has no place on the screen.
    const shown = [...svg.querySelectorAll("text")].filter((t) => t.getClientRects().length > 0);
    const texts = shown.map((t) => [t.textContent, t.getBoundingClientRect()]);
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

// Stands in the page instead, laid out as it is printed: what sticks out of the paper is cut, and so is what is higher than a sheet.
function lookPrinted(width, height) {
  const found = [];
  const tell = (what) => found.push(what);
  for (const style of document.querySelectorAll("style")) style.textContent = style.textContent.replace(/@media print/g, "@media all");
  document.documentElement.style.width = `${width}px`;
  const left = document.body.getBoundingClientRect().left;
  for (const e of document.querySelectorAll("table, svg, pre, td, th, li, p, h2, h3, article")) {
    const box = e.getBoundingClientRect();
    if (box.width === 0) continue;
    if (box.right > left + width + 1) tell(`<${e.localName}> is cut at the right: "${e.textContent.trim().slice(0, 40)}"`);
    if (/^(svg|tr)$/.test(e.localName) && box.height > height) tell(`<${e.localName}> is higher than a sheet: ${Math.round(box.height)}`);
  }
  // A picture that does not fit below its heading leaves the heading alone on a sheet.
  for (const section of document.querySelectorAll("section:has(h2 ~ .scroll svg)")) {
    const [top, picture] = [section.querySelector("h2"), section.querySelector("svg")].map((e) => e.getBoundingClientRect());
    if (picture.bottom - top.top > height) tell(`<h2> is parted from its picture: ${Math.round(picture.bottom - top.top)}`);
  }
  for (const e of document.querySelectorAll(".tools, .tick, .contents"))
    if (e.getBoundingClientRect().height > 0) tell(`<${e.localName} class="${e.className}"> is printed`);
  return found;
}

// The last is the sheet without its margins of 14 mm, in CSS pixels.
const WAYS = [
  ["1280 px, light", "1280,900", 1],
  ["1280 px, dark", "1280,900", 0],
  ["390 px, light", "390,844", 1],
  ["390 px, dark", "390,844", 0],
  ["printed on A4", "1280,900", 1, [688, 1016]],
  ["printed on Letter", "1280,900", 1, [710, 950]],
];

await judgeFiles((text) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "review-"));
  const page = path.join(folder, "review.html");
  const end = text.lastIndexOf("</body>");
  const messages = [];
  for (const [name, size, scheme, sheet] of WAYS) {
    const looks = sheet ? `(async function () { return (${lookPrinted.toString()})(${sheet}); })()` : `(${look.toString()})()`;
    const probe = `<script>${sheet ? "" : axe}</script><script>window.onerror = function (m) { window.failed = String(m); };
${looks}.catch(function (e) { return ["cannot look: " + e]; }).then(function (found) {
  document.body.innerHTML = ""; document.body.dataset.found = encodeURIComponent(JSON.stringify(found)); });</script>`;
    fs.writeFileSync(page, end < 0 ? text + probe : text.slice(0, end) + probe + text.slice(end));
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
