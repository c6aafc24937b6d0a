"""A page on which a person types a patient's values, or picks an image, and reads the answer."""

from __future__ import annotations

import json
from html import escape

from bedside.core.bundle import Manifest
from bedside.core.dataset import Field, Schema

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
*{box-sizing:border-box}
body{max-width:44rem;margin:2rem auto;padding:0 1rem}
label{display:grid;grid-template-columns:1fr 14rem;gap:1rem;align-items:center;padding:.3rem 0}
small{opacity:.75;display:block}input,select,button{font:inherit;padding:.4rem;width:100%}
#answer{border-left:.3rem solid;padding:.2rem 1rem;margin:1.5rem 0;white-space:pre-wrap}
@media(max-width:34rem){label{grid-template-columns:1fr;gap:.2rem}}
"""
_SCRIPT = """
const form = document.querySelector('form'), answer = document.querySelector('#answer');
const percent = share => (100 * share).toFixed(1) + ' %';
function words(reply) {
  if (reply.error) return 'Not answered. ' + reply.error.where + ': expected ' +
    reply.error.expected + ', found ' + reply.error.found + '. ' + reply.error.hint;
  const foot = '\\n\\nmodel ' + reply.model + ', bundle ' + reply.bundle.slice(0, 12) +
    ', ledger ' + reply.ledger.slice(0, 12);
  if (reply.abstain) return 'The model abstains: ' + reply.reason + '.' + foot;
  if (reply.labels) {
    const lines = Object.entries(reply.labels).map(([name, one]) => name + ': ' + (one.abstain ?
      'no answer, ' + one.reason : percent(one.value) + (one.act ? ', at or above the threshold' :
      '') + '. Not ruled out: ' + (one.set.join(', ') || 'nothing')));
    return [OUTCOME, ...lines].join('\\n') + foot;
  }
  const risk = TYPE === 'binary' || TYPE === 'survival';
  if (reply.volumes) {
    const sizes = Object.entries(reply.volumes).map(([name, size]) =>
      name + ': ' + size.toPrecision(3));
    return [OUTCOME, ...sizes, 'The mask is in the answer of /predict.'].join('\\n') + foot;
  }
  let text = OUTCOME + ': ' + (risk ? percent(reply.value) : reply.value + ' ' + UNIT);
  if (reply.act) text += '\\nAt or above the threshold at which the study would act.';
  if (reply.interval) text += '\\nInterval: ' + reply.interval.map(x => x ?? 'no end').join(' to ');
  if (reply.set) text += '\\nNot ruled out: ' + (reply.set.join(', ') || 'nothing');
  return text + foot;
}
function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = failed;
    reader.readAsDataURL(file);
  });
}
form.addEventListener('submit', async event => {
  event.preventDefault();
  const inputs = {};
  for (const field of form.querySelectorAll('[name]')) {
    if (field.type === 'file') {
      if (!field.files.length) { answer.textContent = 'Pick an image first.'; return; }
      inputs[field.name] = await base64(field.files[0]);
      continue;
    }
    const text = field.value.trim();
    inputs[field.name] = text === '' ? null : field.type === 'number' ? Number(text) : text;
  }
  try {
    const reply = await fetch('predict', {method: 'POST', body: JSON.stringify({inputs}),
      headers: {'content-type': 'application/json'}});
    answer.textContent = words(await reply.json());
  } catch { answer.textContent = 'No answer: the server cannot be reached.'; }
});
"""


def form_page(schema: Schema, manifest: Manifest) -> str:
    """HTML: one input a field with unit and range; an empty one is a missing value."""
    target = schema.target
    facts = {"TYPE": target.type, "OUTCOME": target.outcome, "UNIT": target.unit}
    script = "".join(f"const {key} = {_quoted(value)};" for key, value in facts.items()) + _SCRIPT
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(target.outcome)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(target.outcome)}</h1>"
        f"<p>Study {escape(manifest.study)}, model {escape(manifest.model)}. For a use other than "
        'that in the <a href="card">model card</a> it was not tested.</p>'
        f"<form>{''.join(_input(field) for field in schema.fields)}"
        "<p><button>Predict</button></p></form>"
        f'<div id="answer" role="status" aria-live="polite">{_empty(schema)}</div>'
        f"<script>{script}</script></html>"
    )


def _empty(schema: Schema) -> str:
    images = any(field.kind == "image" for field in schema.fields)
    return "DICOM, NIfTI, PNG, JPEG or TIFF." if images else "Empty means not known."


def _input(field: Field) -> str:
    name = escape(field.name, quote=True)
    title = f"{escape(field.description or field.name)}<small>{escape(_hint(field))}</small>"
    if field.kind == "image":
        inside = f'<input name="{name}" type="file" accept="image/*,.dcm,.nii,.gz">'
    elif field.kind == "category":
        options = "".join(f"<option>{escape(item)}</option>" for item in field.categories)
        inside = f'<select name="{name}"><option value=""></option>{options}</select>'
    else:
        bounds = "".join(
            f' {key}="{bound:g}"'
            for key, bound in (("min", field.low), ("max", field.high))
            if bound is not None
        )
        inside = f'<input name="{name}" type="number" step="any" inputmode="decimal"{bounds}>'
    return f"<label><span>{title}</span>{inside}</label>"


def _hint(field: Field) -> str:
    parts = [field.name] if field.description else []
    if field.unit:
        parts.append(field.unit)
    if field.low is not None and field.high is not None:
        parts.append(f"{field.low:g} to {field.high:g}")
    return ", ".join(parts)


def _quoted(value: str) -> str:
    return json.dumps(value).replace("<", "\\u003c")
