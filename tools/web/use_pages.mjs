// Use a report's pages in Chromium as readers do: follow links, change the language, open answers, with and without script.
//
//     node use_pages.mjs CHROMIUM FOLDER SECTION
//
// FOLDER holds index.html and en.html; SECTION is the part of an id that follows the language, momentum say. Prints one
// JSON object with what was found, for the tests to judge.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [browserPath, folder, section] = process.argv.slice(2);
const quiet = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
const complaints = [];

const open = async (name, width, options = {}) => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(pathToFileURL(join(folder, "index.html")).href.replace("index.html", name));
  return page;
};
const settle = (page) => page.waitForTimeout(400);
// What is shown of an element: the view that is chosen, where the element's top is, and which languages are there.
const look = (page, id) => page.evaluate((id) => {
  const element = document.getElementById(id);
  const parts = [...document.querySelectorAll("main .part")].filter((part) => part.checkVisibility());
  return {
    view: document.querySelector('input[name="view"]:checked')?.id ?? "",
    isShown: element.checkVisibility(),
    top: Math.round(element.getBoundingClientRect().top),
    bar: Math.round(document.querySelector(".top").getBoundingClientRect().bottom),
    languages: [...new Set(parts.map((part) => part.lang))].sort(),
  };
}, id);
// Which row of the text is under the bar at the top, and how far it reaches above the bar, as a share of its height.
const place = (page) => page.evaluate(() => {
  const edge = document.querySelector(".top").getBoundingClientRect().bottom;
  const rows = [...document.querySelectorAll(".text > *")];
  const index = rows.findIndex((row) => row.getBoundingClientRect().bottom > edge + 1);
  const box = rows[index].getBoundingClientRect();
  return { row: index, share: (edge - box.top) / box.height, height: box.height, scrolled: scrollY };
});

const links = {};
for (const language of ["th", "en"]) {
  const id = `${language}-${section}`;
  const page = await open(`index.html#${id}`, 390);
  await settle(page);
  links[language] = await look(page, id);
  await page.context().close();
}

// A link followed on the page itself leads to the other language as well.
const inside = await open("index.html", 390);
const before = await look(inside, `en-${section}`);
await inside.evaluate((id) => { location.hash = id; }, `en-${section}`);
await settle(inside);
links.followed = await look(inside, `en-${section}`);
await inside.check("#view-both");
await inside.evaluate((id) => { location.hash = id; }, `th-${section}`);
await settle(inside);
links.both = await look(inside, `th-${section}`);
await inside.context().close();

// With the mouse alone: whatever looks for the button first would scroll the page.
const choose = async (page, view) => {
  const box = await page.evaluate((view) => {
    const { left, top, width, height } = document.getElementById(view).closest("label").getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }, view);
  await page.mouse.click(box.x, box.y);
  await settle(page);
};
const kept = [];
for (const width of [355, 1280]) {
  const page = await open("index.html", width);
  for (const share of [0.2, 0.45, 0.7]) {
    await choose(page, "view-th");
    await page.evaluate((share) => scrollTo(0, share * document.documentElement.scrollHeight), share);
    await settle(page);
    await settle(page);
    const places = [{ view: "", ...(await place(page)) }];
    for (const view of ["view-en", "view-both", "view-th"]) {
      await choose(page, view);
      places.push({ view: await page.evaluate(() => document.querySelector("input:checked").id), ...(await place(page)) });
    }
    kept.push({ width, share, places });
  }
  await page.context().close();
}

const contents = [];
const reading = await open("en.html", 1280);
const headings = await reading.evaluate(() => [...document.querySelectorAll(".contents a")].map((link) => link.hash.slice(1)));
for (const id of ["", ...headings]) {
  await reading.evaluate((id) => (id ? document.getElementById(id).scrollIntoView() : scrollTo(0, 0)), id);
  await settle(reading);
  const marked = await reading.evaluate(() =>
    [...document.querySelectorAll(".contents a[aria-current]")].map((link) => link.hash.slice(1)));
  const isAtEnd = await reading.evaluate(() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1);
  contents.push({ id, marked, isAtEnd });
}
await reading.context().close();

const answers = {};
const plain = {};
for (const isScripted of [true, false]) {
  const page = await open("en.html", 390, { javaScriptEnabled: isScripted });
  const first = page.locator("details.answer").first();
  const words = first.locator("p").first();
  const isFolded = !(await words.isVisible());
  await first.locator("summary").click();
  answers[isScripted ? "scripted" : "plain"] = { isFolded, isOpened: await words.isVisible(), text: await words.innerText() };
  await page.context().close();
}
const linked = await open("en.html", 390);
const answerId = await linked.locator("details.answer").first().getAttribute("id");
await linked.evaluate((id) => { location.hash = id; }, answerId);
await settle(linked);
answers.linked = { isOpened: await linked.locator("details.answer").first().locator("p").first().isVisible() };
await linked.context().close();

// Without script: the views are chosen by the style sheet alone.
const still = await open("index.html", 390, { javaScriptEnabled: false });
for (const view of ["view-th", "view-en", "view-both"]) {
  await still.check(`#${view}`);
  plain[view] = {};
  for (const language of ["th", "en"]) {
    const heading = still.locator(`#${language}-${section}`);
    const paragraphs = still.locator(`.part:lang(${language}) p`);
    plain[view][language] = { isShown: await heading.isVisible(), shown: await paragraphs.filter({ visible: true }).count() };
  }
}
await still.context().close();
await browser.close();
console.log(JSON.stringify({ links: { before, ...links }, kept, contents, answers, plain, complaints }));
