// Open pages in Chromium at every width and in every view, light and dark, and tell what axe-core finds. Colours are the
// same at all widths: the dark ones are looked at at one. A page of one language is looked at once in each scheme.
//
//     node check_pages.mjs CHROMIUM PAGE...
//
// Prints one JSON list: an object for each page, width, scheme and view, with the violations, how far the page sticks
// out sideways, what is wrong with its figures, which links do not lead to their targets, what the page asked for, and
// what the browser complained about. The pages' own security policy is in force.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [browserPath, ...paths] = process.argv.slice(2);
const quiet = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

// Each figure that is shown: one drawing of it, wide or narrow, whole on the screen, and nothing in it scrolls sideways.
const lookAtFigures = () => {
  const faults = [];
  // As WCAG reckons it; axe does not look at the texts of drawings.
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const contrast = (colour) => {
    const [low, high] = [light(colour), ground].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  };
  let count = 0;
  for (const figure of document.querySelectorAll("figure.figure")) {
    if (!figure.checkVisibility()) continue;
    count += 1;
    const name = figure.id || figure.className;
    const forms = [...figure.querySelectorAll(".wide, .narrow")].filter((form) => form.checkVisibility());
    if (forms.length !== 1) faults.push(`${name} is shown ${forms.length} times`);
    for (const item of figure.querySelectorAll("div")) {
      if (item.checkVisibility() && item.scrollWidth > item.clientWidth + 1) faults.push(`${name} scrolls sideways`);
    }
    for (const drawing of figure.querySelectorAll("svg")) {
      if (!drawing.checkVisibility()) continue;
      const { left, right, width, height } = drawing.getBoundingClientRect();
      if (left < 0 || right > document.documentElement.clientWidth) faults.push(`${name} ends at ${Math.round(right)}`);
      if (width < 100 || height < 20) faults.push(`${name} is ${Math.round(width)} by ${Math.round(height)}`);
      for (const text of drawing.querySelectorAll("text")) {
        const { fill } = getComputedStyle(text);
        if (fill !== "none" && contrast(fill) < 3) faults.push(`${name} has "${text.textContent}" in ${fill}`);
      }
    }
  }
  const forms = [...document.querySelectorAll("figure.figure .wide, figure.figure .narrow")];
  const shown = [...new Set(forms.filter((form) => form.checkVisibility()).map((form) => form.className))];
  const cover = [...document.querySelectorAll("figure.picture")].find((figure) => figure.checkVisibility());
  const coverTop = cover ? Math.round(cover.getBoundingClientRect().top + scrollY) : null;
  return { count, faults, shown, coverTop };
};

const everywhere = [[355, "light"], [390, "light"], [1280, "light"], [1280, "dark"]];
const once = [[390, "light"], [1280, "dark"]];

const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
const found = [];
for (const path of paths) {
  const hasViews = readFileSync(path, "utf8").includes('type="radio"');
  for (const [width, colorScheme] of hasViews ? everywhere : once) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const asked = [];
    const complaints = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(pathToFileURL(path).href);
    // Links to places far down the page, which is laid out only where the reader is.
    const lost = await page.evaluate(async () => {
      const targets = [...document.querySelectorAll("h2[id], figure[id]")].filter((item) => item.checkVisibility());
      const far = targets.filter((_, number) => number % 5 === 4);
      const missed = [];
      for (const target of far) {
        location.hash = target.id;
        await new Promise((resolve) => setTimeout(resolve, 100));
        const { top } = target.getBoundingClientRect();
        const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
        if (top < 0 || (top > innerHeight / 3 && !isAtEnd)) missed.push(`${target.id} is at ${Math.round(top)}`);
      }
      scrollTo(0, 0);
      return far.length ? missed : ["there is nothing to jump to"];
    });
    // axe shall see all of the page.
    await page.addStyleTag({ content: "* { content-visibility: visible !important }" });
    // Not as a script of the page: the policy would refuse it.
    await page.evaluate(axe);
    const views = await page.locator("input[type=radio]").evaluateAll((inputs) => inputs.map((input) => input.id));
    for (const view of views.length ? views : [""]) {
      if (view) await page.check(`#${view}`);
      const folded = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const figures = await page.evaluate(lookAtFigures);
      // The numbers behind figures are all tables of one kind: one of a view is enough, and as many take minutes.
      await page.evaluate(() => {
        const shown = [...document.querySelectorAll("details")].filter((item) => item.checkVisibility());
        const kinds = ["data", "answer"].flatMap((kind) => shown.filter((item) => item.matches(`.${kind}`)).slice(0, 2));
        kinds.forEach((item) => (item.open = true));
      });
      const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      const open = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      found.push({
        page: path, width, colorScheme, view, complaints, lost, figures,
        overflow: Math.max(folded, open),
        passes: result.passes.length,
        asked: asked.filter((url) => !url.startsWith("data:") && !url.startsWith("file:")),
        violations: result.violations.map(({ id, nodes }) => ({
          id, count: nodes.length, first: nodes[0].html.slice(0, 200), why: nodes[0].failureSummary,
        })),
      });
    }
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(found));
