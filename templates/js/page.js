// What a page does beyond showing itself. Without it everything still reads.
(() => {
  const views = [...document.querySelectorAll('input[name="view"]')];
  const rows = [...document.querySelectorAll(".text > *")];
  const below = () => document.querySelector(".top").getBoundingClientRect().bottom;

  // A link to #en-momentum shows English at momentum.
  const showTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const language = target.closest(".part")?.lang;
    const wanted = views.find((view) => view.id === `view-${language}`);
    const both = views.find((view) => view.id === "view-both");
    if (wanted && !both.checked) wanted.checked = true;
    target.closest("details")?.setAttribute("open", "");
    stand();
    target.scrollIntoView();
  };

  // The row under the reader's eyes stays there when the language changes. Rows are laid out when they come near, so
  // it takes some frames until it stands still; what is seen in between is not where the reader was.
  const root = document.documentElement;
  let place = null;
  let frames = 0;
  const remember = () => {
    if (frames) return;
    const edge = below();
    const row = rows.find((item) => item.getBoundingClientRect().bottom > edge + 1);
    place = row && { row, share: (edge - row.getBoundingClientRect().top) / Math.max(1, row.offsetHeight) };
  };
  const stand = () => {
    frames = 0;
    root.style.overflowAnchor = "";
  };
  const align = () => {
    if (!frames) return;
    const box = place.row.getBoundingClientRect();
    scrollBy(0, box.top + Math.max(0, place.share) * box.height - below());
    frames -= 1;
    if (frames) requestAnimationFrame(align);
    else stand();
  };
  const restore = () => {
    if (!place || scrollY < 1) return;
    const isAligning = frames > 0;
    frames = 12;
    // The browser would move the page a second time for the same reason.
    root.style.overflowAnchor = "none";
    if (!isAligning) align();
  };
  for (const view of views) {
    view.addEventListener("change", restore);
    for (const kind of ["pointerdown", "keydown"]) view.closest("fieldset").addEventListener(kind, remember);
  }

  // The contents show where one is.
  const links = [...document.querySelectorAll(".contents a")];
  const mark = () => {
    const edge = below() + 80;
    const isAtEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    let here = null;
    for (const link of links) {
      const heading = document.getElementById(link.hash.slice(1));
      const box = heading?.getBoundingClientRect();
      if (box && box.height && (box.top <= edge || isAtEnd)) here = link;
    }
    for (const link of links) {
      if (link === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  let isWaiting = false;
  addEventListener("scroll", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; remember(); mark(); });
  }, { passive: true });
  addEventListener("hashchange", showTarget);
  if (location.hash) showTarget();
  remember();
  mark();
})();
