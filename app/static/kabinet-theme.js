/* Runs before the first paint, so that a dark page never flashes white. */
(function () {
  "use strict";
  var root = document.documentElement, theme = null;
  try { theme = localStorage.getItem("kabinet-theme"); } catch (e) { /* storage may be forbidden */ }
  if (theme === "light" || theme === "dark") { root.setAttribute("data-theme", theme); }
  root.classList.add("kb-js");
})();
