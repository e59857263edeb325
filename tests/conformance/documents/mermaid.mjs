// Mermaid's own parser, without a browser, on every Mermaid block of a Markdown file.
import { JSDOM } from "jsdom";
import { judgeFiles } from "../lib/verdict.mjs";

// Mermaid looks for a page while it loads, so the page must exist first.
const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true });

const FENCE = /^(`{3,}|~{3,})mermaid[^\n]*\n([\s\S]*?)^\1[ \t]*$/gm;

await judgeFiles(async (text) => {
  const messages = [];
  for (const { 2: diagram, index } of text.matchAll(FENCE)) {
    const line = text.slice(0, index).split("\n").length;
    try {
      await mermaid.parse(diagram);
    } catch (error) {
      messages.push(`the diagram at line ${line}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
    }
  }
  return messages;
});
process.exit(0); // jsdom keeps timers alive
