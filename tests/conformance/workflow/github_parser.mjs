// GitHub's own workflow parser and expression checker. Blind to undeclared `needs` and undefined outputs, which actionlint sees.
import { judgeFiles } from "../lib/verdict.mjs";
import { parse } from "./parse.mjs";

await judgeFiles(async (text, file) => (await parse(file, text)).errors);
