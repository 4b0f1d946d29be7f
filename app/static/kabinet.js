/* Kabinet's behaviour: theme, drawer, menus, confirmations, jobs, filters, selects, uploads. No inline handlers anywhere;
   everything is asked for by data attributes:
   data-confirm="text" (on a, button, form) with data-confirm-title, data-confirm-ok, data-tone="danger"
   data-post="url" with data-fields='{"name": "value"}'   sends a POST with the CSRF token of <meta name="csrf-token">
   data-job-url="url" (kb.job_progress), data-job-reload; fires "kabinet:job" when the job has ended
   data-refresh="url"   draws the element's content again each two seconds while the work behind it goes on
   data-row-href="url" on a tr; data-kb-list, data-check-all, input.action_check, data-rows-form + data-rows-action
   select.kabinet-remote data-url data-with="ids" data-minimum="0" data-goto; select.kabinet-select; .kabinet-date
   data-drop, data-max-mb, data-drop-submit (kb.dropzone); data-submit-on-change; data-no-guard and data-download on a form
   data-copy="text" or data-copy-target="#id"; data-reveal="password field id"; data-print; data-dismiss-alert
   data-kb-step, data-kb-step="last" (kb.step_nav): the form keeps what is not sent yet;
   details[data-kb-menu], details[data-kb-remember]; data-kb-cart="url" (the cart in the header); data-kb-drawer; data-set-theme="light|dark|system"; data-kb-search
   After adding HTML to the page call kabinet.dress(element). */
(function () {
  "use strict";
  var $ = window.jQuery, root = document.documentElement;
  var words = {};
  try { words = JSON.parse(document.getElementById("kb-words").textContent); } catch (e) { /* a page without words */ }
  function say(key, fallback) { return words[key] || fallback || key; }
  function all(selector, scope) { return Array.prototype.slice.call((scope || document).querySelectorAll(selector)); }
  function make(tag, attributes, children) {
    var node = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === "text") { node.textContent = attributes[key]; } else { node.setAttribute(key, attributes[key]); }
    });
    (children || []).forEach(function (child) { node.append(child); });
    return node;
  }
  function csrfToken() {
    var meta = document.querySelector('meta[name="csrf-token"]'), field = document.querySelector('input[name="csrf_token"]');
    return (meta && meta.content) || (field && field.value) || "";
  }
  function store(key, value) { try { if (value === null) { localStorage.removeItem(key); } else { localStorage.setItem(key, value); } } catch (e) { /* forbidden */ } }
  function stored(key) { try { return localStorage.getItem(key); } catch (e) { return null; } }

  function toast(text, tone) {
    var box = document.querySelector(".kb-toasts");
    if (!box) { box = make("div", { "class": "kb-toasts", "aria-live": "polite" }); document.body.append(box); }
    var item = make("div", { "class": "kb-toast" + (tone ? " is-" + tone : ""), text: text });
    box.append(item);
    setTimeout(function () { item.remove(); }, 4500);
  }

  /* Theme ----------------------------------------------------------------------------------------------------------- */
  function showTheme() {
    var theme = stored("kabinet-theme") || "system";
    if (theme === "light" || theme === "dark") { root.setAttribute("data-theme", theme); } else { root.removeAttribute("data-theme"); }
    all("[data-set-theme]").forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme)); });
  }
  showTheme();
  window.addEventListener("storage", function (event) { if (event.key === "kabinet-theme") { showTheme(); } });

  /* Drawer ---------------------------------------------------------------------------------------------------------- */
  var drawerOpener = null;
  function drawer(open) {
    var sidebar = document.getElementById("kb-sidebar"), scrim = document.querySelector(".kb-scrim");
    if (!sidebar) { return; }
    document.body.classList.toggle("kb-drawer-open", open);
    if (scrim) { scrim.hidden = !open; }
    all("[data-kb-drawer=open]").forEach(function (button) { button.setAttribute("aria-expanded", String(open)); });
    /* A hidden thing takes no focus: wait until the drawer has begun to slide. */
    if (open) { setTimeout(function () { (sidebar.querySelector(".is-active") || sidebar.querySelector("a, button")).focus(); }, 50); }
    else if (drawerOpener) { drawerOpener.focus(); drawerOpener = null; }
  }
  function keepFocusInDrawer(event) {
    var stops = all("#kb-sidebar a, #kb-sidebar button, #kb-sidebar summary").filter(function (node) { return node.offsetParent !== null; });
    var first = stops[0], last = stops[stops.length - 1];
    if (event.shiftKey && document.activeElement === first) { last.focus(); event.preventDefault(); }
    else if (!event.shiftKey && document.activeElement === last) { first.focus(); event.preventDefault(); }
  }

  /* Confirmation and POST links ----------------------------------------------------------------------------------- */
  function ask(source, yes) {
    var text = source.dataset.confirm, dialog = document.getElementById("kb-confirm");
    if (!text) { yes(); return; }
    if (!dialog || !dialog.showModal) { if (window.confirm(text)) { yes(); } return; }
    var title = dialog.querySelector("#kb-confirm-title"), ok = dialog.querySelector("#kb-confirm-ok");
    title.textContent = source.dataset.confirmTitle || title.dataset.default;
    dialog.querySelector("#kb-confirm-text").textContent = text;
    ok.textContent = source.dataset.confirmOk || ok.dataset.default;
    ok.className = "btn " + (source.dataset.tone === "danger" ? "btn-danger" : "btn-primary");
    dialog.returnValue = "";
    dialog.addEventListener("close", function () { if (dialog.returnValue === "yes") { yes(); } }, { once: true });
    dialog.showModal();
  }
  function post(url, fields) {
    var form = make("form", { method: "post", action: url, hidden: "" });
    fields = fields || {};
    fields.csrf_token = csrfToken();
    Object.keys(fields).forEach(function (name) { form.append(make("input", { type: "hidden", name: name, value: fields[name] })); });
    document.body.append(form);
    form.submit();
  }
  function sendRows(button) {
    var form = document.getElementById(button.dataset.rowsForm), list = button.closest("[data-kb-list]") || document;
    var chosen = all("input.action_check:checked", list);
    if (!chosen.length) { toast(say("no_rows", "Select at least one row first."), "bad"); return; }
    ask(button, function () {
      form.querySelector('[name="action"]').value = button.dataset.rowsAction;
      all('input[name="rowid"]', form).forEach(function (node) { node.remove(); });
      chosen.forEach(function (box) { form.append(make("input", { type: "hidden", name: "rowid", value: box.value })); });
      form.submit();
    });
  }

  /* Lists ----------------------------------------------------------------------------------------------------------- */
  function countRows(list) {
    var boxes = all("input.action_check", list), chosen = boxes.filter(function (box) { return box.checked; });
    boxes.forEach(function (box) { var row = box.closest("tr"); if (row) { row.classList.toggle("is-selected", box.checked); } });
    all("[data-check-all]", list).forEach(function (box) {
      box.checked = chosen.length > 0 && chosen.length === boxes.length;
      box.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    });
    all("[data-kb-selected]", list).forEach(function (node) {
      node.textContent = chosen.length ? say("selected", "Selected: {n}").replace("{n}", chosen.length) : "";
    });
  }
  function rowClick(event) {
    var row = event.target.closest("tr[data-row-href]");
    if (!row || event.defaultPrevented || event.target.closest("a, button, input, select, textarea, label, summary")) { return; }
    if (window.getSelection && String(window.getSelection())) { return; }
    if (event.ctrlKey || event.metaKey || event.button === 1) { window.open(row.dataset.rowHref, "_blank", "noopener"); }
    else { window.location.assign(row.dataset.rowHref); }
  }

  /* Selects and dates --------------------------------------------------------------------------------------------- */
  function select2Language() {
    return {
      noResults: function () { return say("no_results"); }, searching: function () { return say("searching"); },
      errorLoading: function () { return say("load_failed"); }, loadingMore: function () { return say("loading_more"); },
      inputTooShort: function () { return say("searching"); }, removeAllItems: function () { return say("remove"); }
    };
  }
  function dressSelects(scope) {
    if (!$ || !$.fn.select2) { return; }
    $("select.my_select2, select.kabinet-select", scope).add($(scope).filter("select.my_select2, select.kabinet-select")).each(function () {
      if ($(this).hasClass("select2-hidden-accessible")) { return; }
      var optional = !this.required && !this.multiple;
      if (optional && !this.querySelector('option[value=""], option[value="__None"]')) { optional = false; }
      $(this).select2({ width: "100%", placeholder: this.dataset.placeholder || say("select"), allowClear: optional,
        language: select2Language(), minimumResultsForSearch: 8 });
    });
    $("select.kabinet-remote", scope).add($(scope).filter("select.kabinet-remote")).each(function () {
      if ($(this).hasClass("select2-hidden-accessible")) { return; }
      var select = this;
      $(select).select2({
        width: "100%", placeholder: select.dataset.placeholder || say("select"), allowClear: !select.required && !select.multiple,
        language: select2Language(), minimumInputLength: Number(select.dataset.minimum || 0),
        ajax: {
          delay: 200, dataType: "json",
          url: function () { return select.dataset.url; },
          data: function (asked) {
            var query = { q: asked.term || "", page: asked.page || 1 };
            (select.dataset.with || "").split(" ").filter(Boolean).forEach(function (id) {
              var other = document.getElementById(id);
              if (other) { query[other.name || id] = other.value; }
            });
            return query;
          },
          processResults: function (answer) {
            return { results: answer.results || [], pagination: { more: !!(answer.pagination && answer.pagination.more) } };
          }
        }
      });
    });
    /* With jQuery 3.6 select2 opens without putting the cursor into its field: what is typed would be lost. */
    $(document).off("select2:open.kb").on("select2:open.kb", function () {
      var field = document.querySelector(".select2-container--open .select2-search__field");
      if (field) { field.focus(); }
    });
    /* select2 fires jQuery events only; native listeners (submit on change, our own) need a real one. */
    $("select.select2-hidden-accessible", scope).off("select2:select.kb select2:clear.kb").on("select2:select.kb select2:clear.kb", function () {
      this.dispatchEvent(new Event("change", { bubbles: true }));
    });
    $("select[data-goto]", scope).off("select2:select.go").on("select2:select.go", function (event) {
      if (event.params.data.url) { window.location.assign(event.params.data.url); }
    });
  }
  function dateWords() {
    var lang = root.lang || "en", months = [], short = [], days = [], i;
    for (i = 0; i < 12; i += 1) {
      months.push(new Intl.DateTimeFormat(lang, { month: "long" }).format(new Date(2024, i, 15)));
      short.push(new Intl.DateTimeFormat(lang, { month: "short" }).format(new Date(2024, i, 15)));
    }
    for (i = 0; i < 7; i += 1) { days.push(new Intl.DateTimeFormat(lang, { weekday: "short" }).format(new Date(2024, 0, 7 + i))); }
    return { days: days, daysShort: days, daysMin: days.map(function (day) { return day.slice(0, 2); }), months: months, monthsShort: short, today: "", clear: "" };
  }
  function dressDates(scope) {
    if (!$ || !$.fn.datepicker) { return; }
    $.fn.datepicker.dates.kb = dateWords();
    $(".appbuilder_date, .appbuilder_datetime, .kabinet-date", scope).add($(scope).filter(".appbuilder_date, .appbuilder_datetime, .kabinet-date")).each(function () {
      this.removeAttribute("data-provide");
      $(this).datepicker("destroy").datepicker({ format: "yyyy-mm-dd", language: "kb", autoclose: true, todayHighlight: true, weekStart: 1 });
    });
  }

  /* FAB's search filters ------------------------------------------------------------------------------------------ */
  function filters(form) {
    var spec = JSON.parse(form.querySelector("[data-filter-spec]").textContent), rows = form.querySelector("[data-filter-rows]");
    function refresh() {
      var some = rows.children.length > 0;
      form.querySelector("[data-filter-submit]").hidden = !some;
      form.querySelector("[data-filter-clear]").hidden = !some && !spec.active.length;
    }
    function add(column, operator, value, focus) {
      var holder = make("template"), number = Math.max(0, spec.operators[column].indexOf(operator));
      holder.innerHTML = String(spec.fields[column]).trim();
      var field = holder.content.firstElementChild;
      var input = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea");
      var label = make("span", { "class": "kb-filter-name", text: spec.labels[column] });
      var choose = make("select", { "class": "form-control", "aria-label": spec.labels[column] + ": " + say("condition", "Condition") });
      spec.operators[column].forEach(function (name, index) { choose.append(make("option", { value: index, text: name })); });
      choose.value = String(number);
      function rename() { input.name = "_flt_" + choose.value + "_" + column; }
      input.removeAttribute("id"); input.removeAttribute("required"); input.setAttribute("aria-label", spec.labels[column] + ": " + say("value", "Value"));
      if (!input.matches("[type=checkbox]")) { input.classList.add("form-control"); }
      rename();
      choose.addEventListener("change", rename);
      if (value !== undefined) {
        if (input.type === "checkbox") { input.checked = String(value) === "y" || String(value) === "1" || String(value).toLowerCase() === "true"; }
        else {
          if (input.matches("select.kabinet-remote") && !Array.prototype.some.call(input.options, function (o) { return o.value === String(value); })) { input.append(make("option", { value: value, text: value })); }
          input.value = value;
        }
      }
      var remove = make("button", { type: "button", "class": "kb-icon-btn", "aria-label": say("remove", "Remove filter") + ": " + spec.labels[column] }, [make("i", { "class": "fa fa-xmark", "aria-hidden": "true" })]);
      var row = make("div", { "class": "kb-filter-row" }, [label, choose, make("div", {}, [field]), remove]);
      remove.addEventListener("click", function () { row.remove(); refresh(); if (!rows.children.length && spec.active.length) { form.submit(); } });
      rows.append(row);
      dressSelects(row); dressDates(row);
      refresh();
      if (focus && !input.matches(".select2-hidden-accessible")) { input.focus(); }
    }
    spec.active.forEach(function (item) {
      (Array.isArray(item[2]) ? item[2] : [item[2]]).forEach(function (value) { if (spec.fields[item[0]] !== undefined) { add(item[0], item[1], value); } });
    });
    all("[data-add-filter]", form).forEach(function (button) {
      button.addEventListener("click", function () { add(button.dataset.addFilter, undefined, undefined, true); });
    });
    refresh();
  }

  /* Jobs ------------------------------------------------------------------------------------------------------------ */
  function watchJob(box) {
    var bar = box.querySelector("progress"), percent = box.querySelector("[data-job-percent]"), text = box.querySelector("[data-job-text]");
    var actions = box.querySelector("[data-job-actions]"), failures = 0;
    function links(job) {
      actions.textContent = "";
      (job.links || []).forEach(function (link, index) {
        actions.append(make("a", { "class": "btn " + (index ? "btn-default" : "btn-primary"), href: link.url, text: link.label || say("download", "Download") }));
      });
      if (job.cancel_url && !job.finished) {
        var cancel = make("button", { type: "button", "class": "btn btn-default", text: say("cancel", "Cancel") });
        cancel.addEventListener("click", function () {
          cancel.disabled = true;
          fetch(job.cancel_url, { method: "POST", headers: { "X-CSRFToken": csrfToken(), "Accept": "application/json" }, credentials: "same-origin" }).catch(function () { cancel.disabled = false; });
        });
        actions.append(cancel);
      }
    }
    var shownLinks = null;
    function show(job) {
      var key = JSON.stringify([job.links || [], job.cancel_url || "", !!job.finished]);
      if (job.percent === null || job.percent === undefined) { if (!job.finished) { bar.removeAttribute("value"); } percent.textContent = ""; }
      else { bar.value = job.percent; percent.textContent = Math.floor(job.percent) + " %"; }
      text.textContent = job.text || "";
      box.classList.toggle("is-finished", !!job.finished && !job.failed);
      box.classList.toggle("is-failed", !!job.failed);
      if (key !== shownLinks) { links(job); shownLinks = key; }
      if (job.finished) {
        if (!job.failed && (job.percent === null || job.percent === undefined)) { bar.value = 100; }
        if (!job.text) { text.textContent = job.failed ? say("failed") : say("done"); }
        box.removeAttribute("aria-busy");
        box.dispatchEvent(new CustomEvent("kabinet:job", { bubbles: true, detail: job }));
        if (job.redirect && !job.failed) { window.location.assign(job.redirect); }
        else if (box.hasAttribute("data-job-reload") && !job.failed) { window.location.reload(); }
      }
    }
    function again(wait) { setTimeout(look, wait); }
    function look() {
      if (!box.isConnected) { return; }
      if (document.hidden) { again(1000); return; }
      fetch(box.dataset.jobUrl, { headers: { "Accept": "application/json" }, credentials: "same-origin", cache: "no-store" })
        .then(function (answer) { if (!answer.ok) { throw new Error(String(answer.status)); } return answer.json(); })
        .then(function (job) { failures = 0; show(job); if (!job.finished) { again(1000); } })
        .catch(function () { failures += 1; text.textContent = say("lost"); again(Math.min(15000, 1000 * Math.pow(2, failures))); });
    }
    box.setAttribute("aria-busy", "true");
    look();
  }

  /* A part of a page that is drawn again each two seconds, until the answer says that it is final (X-Refresh: done). */
  function refreshPart(part) {
    function later() { setTimeout(look, 2000); }
    function look() {
      if (!part.isConnected) { return; }
      if (document.hidden) { later(); return; }
      fetch(part.dataset.refresh, { credentials: "same-origin", cache: "no-store" })
        .then(function (answer) {
          if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
          return answer.text().then(function (html) { part.innerHTML = html; if (answer.headers.get("X-Refresh") !== "done") { later(); } });
        })
        .catch(later);
    }
    later();
  }

  /* The quick look at the cart: read when it is first hovered, focused or opened; a finger or Enter opens it too. */
  function cartLook(menu) {
    var look = menu.querySelector("[data-kb-cart-look]"), summary = menu.querySelector("summary"), asked = false, timer = null;
    function read() {
      if (asked) { return; }
      asked = true;
      fetch(menu.dataset.kbCart, { headers: { "X-Requested-With": "XMLHttpRequest", "Accept": "text/html" }, credentials: "same-origin", cache: "no-store" })
        .then(function (answer) { if (!answer.ok) { throw new Error(answer.status); } return answer.text(); })
        .then(function (html) { look.innerHTML = html; })
        .catch(function () { asked = false; });
    }
    function show(open, after) {
      clearTimeout(timer);
      timer = setTimeout(function () { if (open || !menu.contains(document.activeElement)) { menu.open = open; } }, after);
    }
    menu.addEventListener("toggle", function () { if (menu.open) { read(); } });
    summary.addEventListener("focus", read);
    var hovered = false;
    menu.addEventListener("pointerenter", function (event) { if (event.pointerType === "mouse") { hovered = true; read(); show(true, 120); } });
    menu.addEventListener("pointerleave", function (event) { if (event.pointerType === "mouse") { hovered = false; show(false, 250); } });
    /* The mouse that opened it by hovering must not shut it by a click. */
    summary.addEventListener("click", function (event) { if (hovered && menu.open && event.detail) { event.preventDefault(); } });
  }

  /* Forms ------------------------------------------------------------------------------------------------------------ */
  function guardForm(event) {
    var form = event.target;
    if (event.defaultPrevented) { return; }
    if (form.dataset.confirm && !form.dataset.kbAgreed) {
      event.preventDefault();
      var submitter = event.submitter;
      ask(form, function () { form.dataset.kbAgreed = "1"; if (form.requestSubmit) { form.requestSubmit(submitter || undefined); } else { form.submit(); } });
      return;
    }
    if (form.method !== "post" || form.method === "dialog" || form.target === "_blank" || form.hasAttribute("data-no-guard")) { return; }
    if (form.dataset.kbSent) { event.preventDefault(); return; }
    form.dataset.kbSent = "1";
    /* After this turn of the event loop, so that the pressed button's own name=value is still sent. */
    setTimeout(function () {
      all('button[type="submit"], button:not([type]), input[type="submit"]', form).forEach(function (button) { button.disabled = true; });
      if (event.submitter) { event.submitter.classList.add("is-busy"); }
    }, 0);
    if (form.hasAttribute("data-download")) { setTimeout(function () { releaseForm(form); }, 4000); }
  }
  function releaseForm(form) {
    delete form.dataset.kbSent; delete form.dataset.kbAgreed;
    all("button, input[type=submit]", form).forEach(function (button) { button.disabled = button.hasAttribute("data-disabled"); button.classList.remove("is-busy"); });
  }

  /* Steps: what is chosen and not sent yet is kept in this tab, per page, so that Back loses nothing. The server's own
     values win where they are others than they were; the last step, «To the menu» and signing in forget it all. ---- */
  var stepsLeft = false;
  function stepFields(form) {
    return all("input[name], select[name], textarea[name]", form).filter(function (field) {
      return !field.matches("[type=hidden], [type=password], [type=file], [type=submit], [multiple], [autocomplete^=cc-]");
    });
  }
  function stepKey(form) {
    var after = new URLSearchParams(location.search).get("after") || "";
    return ["kabinet-step", location.pathname, after].concat(all("input[type=hidden]", form).filter(function (field) {
      return ["account", "subscriber", "how", "q"].indexOf(field.name) >= 0;
    }).map(function (field) { return field.name + "=" + field.value; })).join("|");
  }
  function stepValue(field, given) {
    if (field.matches("[type=checkbox], [type=radio]")) { return [field.name, field.value, given ? field.defaultChecked : field.checked]; }
    if (!field.options) { return [field.name, given ? field.defaultValue : field.value]; }
    var options = Array.prototype.slice.call(field.options);
    var option = given ? options.filter(function (one) { return one.defaultSelected; })[0] || options[0] : options[field.selectedIndex];
    return [field.name, option ? option.value : "", option && !given ? option.text : ""];
  }
  function stepForms() { return all("[data-kb-step]").map(function (bar) { return bar.closest("form"); }).filter(Boolean); }
  function given(form) { return JSON.stringify(stepFields(form).map(function (field) { return stepValue(field, true); })); }
  function keepSteps() {
    if (stepsLeft) { return; }
    stepForms().forEach(function (form) {
      var now = stepFields(form).map(function (field) { return stepValue(field, false); });
      if (now.length) { try { sessionStorage.setItem(stepKey(form), JSON.stringify({ given: given(form), now: now })); } catch (e) { /* forbidden or full */ } }
    });
  }
  function restoreStep(form) {
    var kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(stepKey(form))); } catch (e) { /* forbidden */ }
    if (!kept || kept.given !== given(form)) { return; }
    stepFields(form).forEach(function (field, index) {
      var value = kept.now[index];
      if (field.matches("[type=checkbox], [type=radio]")) { field.checked = value[2]; return; }
      if (field.matches("select.kabinet-remote") && value[1]) { field.append(new Option(value[2], value[1])); }
      field.value = value[1];
    });
  }
  function forgetSteps() {
    stepsLeft = true;
    try { Object.keys(sessionStorage).forEach(function (key) { if (key.indexOf("kabinet-step|") === 0) { sessionStorage.removeItem(key); } }); } catch (e) { /* forbidden */ }
  }

  function dropZone(zone) {
    var input = zone.querySelector('input[type="file"]'), names = zone.querySelector("[data-drop-files]");
    var limit = Number(zone.dataset.maxMb || 0);
    function show() {
      var files = Array.prototype.slice.call(input.files);
      var tooBig = limit && files.some(function (file) { return file.size > limit * 1048576; });
      input.setCustomValidity(tooBig ? say("too_big", "The file is too large.").replace("{max}", limit) : "");
      names.textContent = tooBig ? input.validationMessage : files.map(function (file) {
        var big = file.size > 1048576, amount = file.size / (big ? 1048576 : 1024);
        return file.name + " (" + new Intl.NumberFormat(root.lang || "en", { style: "unit", unit: big ? "megabyte" : "kilobyte", maximumFractionDigits: big ? 1 : 0 }).format(amount) + ")";
      }).join(", ");
      names.classList.toggle("kb-bad", !!tooBig);
      if (!tooBig && files.length && zone.hasAttribute("data-drop-submit")) { var form = zone.closest("form"); if (form.requestSubmit) { form.requestSubmit(); } else { form.submit(); } }
    }
    input.addEventListener("change", show);
    ["dragenter", "dragover"].forEach(function (name) { zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.add("is-over"); }); });
    ["dragleave", "drop"].forEach(function (name) { zone.addEventListener(name, function () { zone.classList.remove("is-over"); }); });
    zone.addEventListener("drop", function (event) {
      event.preventDefault();
      if (event.dataTransfer && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
    });
  }

  function copy(button) {
    var target = button.dataset.copyTarget && document.querySelector(button.dataset.copyTarget);
    var text = target ? (target.value !== undefined ? target.value : target.textContent) : button.dataset.copy;
    function told() { toast(say("copied", "Copied")); }
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(told); return; }
    var area = make("textarea", { "class": "sr-only" });
    area.value = text; document.body.append(area); area.select();
    if (document.execCommand("copy")) { told(); }
    area.remove(); button.focus();
  }

  /* Listening ---------------------------------------------------------------------------------------------------------- */
  document.addEventListener("click", function (event) {
    var target = event.target, hit;
    all("details[data-kb-menu][open]").forEach(function (menu) {
      if (!menu.contains(target) || target.closest(".kb-menu-list a, .kb-menu-list button:not([data-set-theme])")) { menu.open = false; }
    });
    if ((hit = target.closest("[data-set-theme]"))) { store("kabinet-theme", hit.dataset.setTheme === "system" ? null : hit.dataset.setTheme); showTheme(); }
    else if ((hit = target.closest("[data-kb-drawer]"))) { if (hit.dataset.kbDrawer === "open") { drawerOpener = hit; } drawer(hit.dataset.kbDrawer === "open"); }
    else if ((hit = target.closest("[data-dismiss-alert]"))) { hit.closest(".alert").remove(); }
    else if ((hit = target.closest("[data-rows-form]"))) { event.preventDefault(); sendRows(hit); }
    else if ((hit = target.closest("[data-post]"))) {
      event.preventDefault();
      if (hit.dataset.kbSent) { return; }
      ask(hit, function () {
        hit.dataset.kbSent = "1"; hit.setAttribute("aria-busy", "true");
        var fields = {};
        try { fields = JSON.parse(hit.dataset.fields || "{}"); } catch (e) { fields = {}; }
        post(hit.dataset.post, fields);
      });
    }
    else if ((hit = target.closest("a[data-confirm]"))) { event.preventDefault(); ask(hit, function () { window.location.assign(hit.href); }); }
    else if ((hit = target.closest("button[data-confirm]")) && hit.form && !hit.dataset.kbAgreed) {
      event.preventDefault();
      ask(hit, function () { hit.dataset.kbAgreed = "1"; if (hit.form.requestSubmit) { hit.form.requestSubmit(hit); } else { hit.form.submit(); } delete hit.dataset.kbAgreed; });
    }
    else if ((hit = target.closest("[data-copy], [data-copy-target]"))) { event.preventDefault(); copy(hit); }
    else if ((hit = target.closest("[data-reveal]"))) {
      var secret = document.getElementById(hit.dataset.reveal), shown = secret.type === "text";
      secret.type = shown ? "password" : "text";
      hit.setAttribute("aria-pressed", String(!shown));
      hit.querySelector("i").className = "fa " + (shown ? "fa-eye" : "fa-eye-slash");
    }
    else if ((hit = target.closest("[data-fill-login]"))) {
      document.getElementById("username").value = hit.dataset.fillLogin;
      document.getElementById("password").value = hit.dataset.fillPassword;
      document.getElementById("password").form.querySelector('[type="submit"]').focus();
    }
    else if ((hit = target.closest("[data-print]"))) { window.print(); }
    else { rowClick(event); }
  });
  document.addEventListener("auxclick", function (event) { if (event.button === 1) { rowClick(event); } });
  document.addEventListener("change", function (event) {
    var target = event.target, list;
    if (target.matches("[data-check-all]")) {
      list = target.closest("[data-kb-list]") || document;
      all("input.action_check", list).forEach(function (box) { box.checked = target.checked; });
      countRows(list);
    } else if (target.matches("input.action_check")) { countRows(target.closest("[data-kb-list]") || document); }
    else if (target.matches("[data-submit-on-change]") && target.form) {
      if (target.form.requestSubmit) { target.form.requestSubmit(); } else { target.form.submit(); }
    }
  });
  document.addEventListener("submit", guardForm);
  document.addEventListener("submit", function (event) {
    if (!event.defaultPrevented && event.target.querySelector('[data-kb-step="last"]')) { forgetSteps(); }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest(".kb-step-nav a.btn-link") && !event.ctrlKey && !event.metaKey && !event.shiftKey) { forgetSteps(); }
  });
  window.addEventListener("pagehide", keepSteps);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { stepsLeft = false; } });
  document.addEventListener("keydown", function (event) {
    var menu;
    if (event.key === "Escape") {
      menu = document.querySelector("details[data-kb-menu][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      else if (document.body.classList.contains("kb-drawer-open")) { drawer(false); }
    } else if (event.key === "Tab" && document.body.classList.contains("kb-drawer-open")) { keepFocusInDrawer(event); }
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (menu = event.target.closest && event.target.closest("details[data-kb-menu]"))) {
      var items = all(".kb-menu-list a, .kb-menu-list button", menu), at = items.indexOf(document.activeElement);
      menu.open = true;
      if (items.length) { items[(at + (event.key === "ArrowDown" ? 1 : items.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % items.length].focus(); }
      event.preventDefault();
    } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea, select, [contenteditable]")) {
      var search = document.querySelector("[data-kb-search]");
      if (search) { search.focus(); search.select(); event.preventDefault(); }
    }
  });
  /* A page that comes back from the browser's memory must not stay disabled. */
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { all("form").forEach(releaseForm); all("[data-post][data-kb-sent]").forEach(function (node) { delete node.dataset.kbSent; node.removeAttribute("aria-busy"); }); }
  });

  function dress(scope) {
    dressSelects(scope); dressDates(scope);
    all("[data-kb-filters]", scope).forEach(filters);
    all("[data-job-url]", scope).forEach(watchJob);
    all("[data-refresh]", scope).forEach(refreshPart);
    all("[data-drop]", scope).forEach(dropZone);
    all("[data-kb-list]", scope).forEach(countRows);
    all("[data-kb-cart]", scope).forEach(cartLook);
  }
  all("details[data-kb-remember]").forEach(function (group) {
    var key = "kabinet-" + group.dataset.kbRemember;
    if (stored(key) === "closed" && !group.querySelector(".is-active")) { group.open = false; }
    group.addEventListener("toggle", function () { store(key, group.open ? null : "closed"); });
  });
  /* The tab of a record that is being looked at lives in the address, so that Back and reload keep it. */
  if ($ && location.hash.length > 1 && document.querySelector("[data-kb-tabs]")) {
    var wanted = all('a[data-toggle="tab"]').filter(function (tab) { return tab.getAttribute("href") === location.hash; })[0];
    if (wanted) { $(wanted).tab("show"); }
  }
  if ($) { $(document).on("shown.bs.tab", 'a[data-toggle="tab"]', function () { history.replaceState(null, "", this.getAttribute("href")); }); }
  var active = document.querySelector(".kb-nav-link.is-active");
  if (active && active.offsetTop > window.innerHeight - 120) { active.scrollIntoView({ block: "center" }); }
  if (document.querySelector("form input[type=password]")) { forgetSteps(); }
  stepForms().forEach(restoreStep);
  dress(document);

  window.kabinet = { toast: toast, dress: dress, post: post, ask: ask, say: say };
})();
