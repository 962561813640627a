(() => {
  "use strict";
  for (const control of document.querySelectorAll(".wipe")) {
    const strip = control.closest(".strip");
    const original = strip.querySelector(".before img");
    const slider = control.querySelector("input");
    let layers = null;

    const lay = () => [...strip.querySelectorAll(".after .picture")].filter((one) => one.querySelector("img")).map((one) => {
      const over = document.createElement("img");
      over.src = original.src;
      over.alt = "";
      over.className = "over";
      const edge = document.createElement("span");
      edge.className = "edge";
      one.append(over, edge);
      return { over, edge };
    });

    const show = () => {
      const share = Number(slider.value);
      layers = layers ?? lay();
      for (const { over, edge } of layers) {
        over.style.clipPath = `inset(0 ${100 - share}% 0 0)`;
        edge.style.left = `${share}%`;
        edge.hidden = share === 0 || share === 100;
      }
      slider.setAttribute("aria-valuetext", share === 0 ? "the model's map" : share === 100 ? "the original's map"
        : `the original's map over ${share} % of the picture, from the left`);
    };

    slider.value = "0";
    slider.setAttribute("aria-valuetext", "the model's map");
    slider.addEventListener("input", show);
    control.hidden = false;
  }
})();
