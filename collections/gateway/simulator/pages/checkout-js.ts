/**
 * A stand-in for checkout.js: the same constructor with open, on and close. It opens the hosted page in a window of its own and hears the result from
 * it; with `redirect` or without a handler it posts the form, as the real script does.
 */
export const CHECKOUT_JS = `(function () {
  "use strict";
  var self = document.currentScript;
  var base = self ? self.src.replace(/\\/v1\\/checkout\\.js.*$/, "") : "";
  function Razorpay(options) {
    if (!(this instanceof Razorpay)) return new Razorpay(options);
    this.options = options || {};
    this.listeners = {};
    this.child = null;
  }
  Razorpay.prototype.on = function (name, fn) {
    (this.listeners[name] = this.listeners[name] || []).push(fn);
  };
  Razorpay.prototype.fields = function () {
    var o = this.options, p = o.prefill || {};
    var fields = { key_id: o.key, order_id: o.order_id, name: o.name, description: o.description,
      "prefill[contact]": p.contact, "prefill[email]": p.email, callback_url: o.callback_url, cancel_url: o.cancel_url };
    Object.keys(fields).forEach(function (k) { if (fields[k] === undefined || fields[k] === null) delete fields[k]; });
    return fields;
  };
  Razorpay.prototype.open = function () {
    var me = this, fields = this.fields();
    if (this.options.redirect || !this.options.handler) {
      var form = document.createElement("form");
      form.method = "post";
      form.action = base + "/v1/checkout/embedded";
      Object.keys(fields).forEach(function (k) {
        var input = document.createElement("input");
        input.type = "hidden"; input.name = k; input.value = fields[k];
        form.appendChild(input);
      });
      document.body.appendChild(form);
      form.submit();
      return;
    }
    fields.opener = window.location.origin;
    this.child = window.open(base + "/v1/checkout/embedded?" + new URLSearchParams(fields).toString(), "simulated-checkout");
    var done = false;
    function heard(event) {
      if (event.origin !== new URL(base).origin || !event.data || event.data.simulatedCheckout !== me.options.order_id) return;
      done = true;
      window.removeEventListener("message", heard);
      var f = event.data.fields;
      if (f.razorpay_signature) { me.options.handler(f); return; }
      var meta = {};
      try { meta = JSON.parse(f["error[metadata]"] || "{}"); } catch (e) { meta = {}; }
      var error = { code: f["error[code]"], description: f["error[description]"], source: f["error[source]"],
        step: f["error[step]"], reason: f["error[reason]"], metadata: meta };
      (me.listeners["payment.failed"] || []).forEach(function (fn) { fn({ error: error }); });
    }
    window.addEventListener("message", heard);
    var watch = window.setInterval(function () {
      if (me.child && !me.child.closed) return;
      window.clearInterval(watch);
      if (!done && me.options.modal && me.options.modal.ondismiss) me.options.modal.ondismiss();
    }, 500);
  };
  Razorpay.prototype.close = function () { if (this.child) this.child.close(); };
  window.Razorpay = Razorpay;
})();
`;
