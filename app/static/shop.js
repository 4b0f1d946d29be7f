/* The page of a product: sliders beside their numbers, the plan's own form, and the total as it is set.
   Without this script the numbers, the plans and «Count again» do the same. */
(function () {
  "use strict";
  var form = document.querySelector("[data-shop-order]");
  if (!form) { return; }
  var total = form.querySelector("[data-shop-total]"), recount = form.querySelector("[data-shop-recount]");
  var timer = null, asked = 0;
  if (recount) { recount.hidden = true; }

  form.querySelectorAll("[data-shop-parameter]").forEach(function (field) {
    var range = field.querySelector('input[type="range"]'), number = field.querySelector('input[type="number"]');
    if (!range) { return; }
    range.hidden = false;
    range.addEventListener("input", function () { number.value = range.value; later(); });
    number.addEventListener("input", function () { range.value = number.value; });
  });

  function later() { clearTimeout(timer); timer = setTimeout(count, 250); }
  function count() {
    var mine = asked += 1, values = new URLSearchParams(new FormData(form));
    values.delete("csrf_token");
    total.setAttribute("aria-busy", "true");
    fetch(form.dataset.shopOrder + "?" + values, { headers: { "Accept": "application/json" }, credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { if (!answer.ok) { throw new Error(answer.status); } return answer.json(); })
      .then(function (found) { if (mine === asked) { total.innerHTML = found.html; } })
      .catch(function () { if (recount) { recount.hidden = false; } })
      .finally(function () { if (mine === asked) { total.removeAttribute("aria-busy"); } });
  }
  form.addEventListener("input", later);
  form.addEventListener("change", function (event) {
    if (event.target.dataset.shopPlan) { window.location.assign(event.target.dataset.shopPlan); return; }
    later();
  });
})();
