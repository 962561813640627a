(() => {
  "use strict";
  const steps = JSON.parse(document.getElementById("rounds").textContent);
  const panel = document.getElementById("strips");
  const slider = document.getElementById("round");
  const label = document.getElementById("round-label");
  const all = document.getElementById("all-rounds");
  if (!panel || !slider || steps.length < 2) return;

  const show = () => {
    const step = steps[Number(slider.value)];
    label.textContent = step.text;
    slider.setAttribute("aria-valuetext", step.text);
    for (const cell of panel.querySelectorAll("[data-round]")) {
      cell.classList.toggle("current", Number(cell.dataset.round) === step.round);
    }
    panel.classList.toggle("one-round", !all.checked);
    // A row of all rounds scrolls, so that the keyboard has to reach it; one of a single round does not.
    for (const row of panel.querySelectorAll(".cells")) row.tabIndex = all.checked ? 0 : -1;
    slider.disabled = all.checked;
  };

  slider.max = String(steps.length - 1);
  slider.value = slider.max;
  slider.addEventListener("input", show);
  all.addEventListener("change", show);
  document.getElementById("slider").hidden = false;
  show();
})();
