/* Passkeys: an element with data-passkey="new|confirm|sign-in" asks data-passkey-begin for options, lets the browser make or
   use a key, and tells data-passkey-end its answer, which leads on. Hidden where the browser knows no keys. */
(function () {
  "use strict";
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/") + "===".slice((text.length + 3) % 4)), made = new Uint8Array(plain.length), i;
    for (i = 0; i < plain.length; i += 1) { made[i] = plain.charCodeAt(i); }
    return made.buffer;
  }
  function text(buffer) {
    var plain = "";
    new Uint8Array(buffer).forEach(function (one) { plain += String.fromCharCode(one); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function token() {
    var meta = document.querySelector('meta[name="csrf-token"]'), field = document.querySelector('input[name="csrf_token"]');
    return (meta && meta.content) || (field && field.value) || "";
  }
  function send(url, body) {
    return fetch(url, {
      method: "POST", credentials: "same-origin", redirect: "manual", body: JSON.stringify(body || {}),
      headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token() }
    }).then(function (answer) {
      if (answer.type === "opaqueredirect") { window.location.assign("/confirm/"); return new Promise(function () {}); }
      return answer.json().then(function (found) {
        if (!answer.ok) { throw new Error(found.message || ""); }
        return found;
      });
    });
  }
  function known(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }
  function make(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = known(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options }).then(function (key) {
      return {
        id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment,
        clientExtensionResults: key.getClientExtensionResults(),
        response: {
          clientDataJSON: text(key.response.clientDataJSON), attestationObject: text(key.response.attestationObject),
          transports: key.response.getTransports ? key.response.getTransports() : []
        }
      };
    });
  }
  function use(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = known(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options }).then(function (key) {
      return {
        id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: key.getClientExtensionResults(),
        response: {
          clientDataJSON: text(key.response.clientDataJSON), authenticatorData: text(key.response.authenticatorData),
          signature: text(key.response.signature), userHandle: key.response.userHandle ? text(key.response.userHandle) : null
        }
      };
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-passkey]"), function (box) {
    if (!window.PublicKeyCredential || !navigator.credentials) { return; }
    box.hidden = false;
    var button = box.querySelector("[data-passkey-go]"), said = box.querySelector("[data-passkey-said]"), name = box.querySelector("[data-passkey-name]");
    button.addEventListener("click", function () {
      if (name && !name.reportValidity()) { return; }
      button.disabled = true;
      said.textContent = "";
      send(box.dataset.passkeyBegin).then(function (options) {
        return box.dataset.passkey === "new" ? make(options) : use(options);
      }).then(function (credential) {
        return send(box.dataset.passkeyEnd, { credential: credential, name: name ? name.value : "", next: box.dataset.passkeyNext || "" });
      }).then(function (found) { window.location.assign(found.redirect); }).catch(function (error) {
        button.disabled = false;
        said.textContent = error.name === "Error" && error.message ? error.message : box.dataset.passkeyFailed || "";
      });
    });
  });
})();
