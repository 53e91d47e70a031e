'use strict';
// Shows the OpenAPI document beside this file and sends requests to the server it came from.

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];
let api = null;
let token = '';

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key in element && typeof value !== 'string') element[key] = value;
    else element.setAttribute(key, value);
  }
  // Texts become text nodes: nothing of the document is taken for HTML.
  element.append(...children.filter((child) => child !== null && child !== ''));
  return element;
}

const resolve = (schema) => (schema && schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] || {} : schema || {});
const nameOf = (schema) => (schema && schema.$ref ? schema.$ref.split('/').pop() : '');

// A reference may be wrapped to carry words of its own.
function unwrap(schema) {
  if (schema && schema.allOf && schema.allOf.length === 1) return schema.allOf[0];
  return schema || {};
}

function typeText(schema) {
  schema = unwrap(schema);
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ');
  if (schema.type === 'array') return 'list of ' + typeText(schema.items);
  if (schema.type === 'object' && schema.additionalProperties && schema.additionalProperties !== true) return 'map to ' + typeText(schema.additionalProperties);
  return (schema.type || 'anything') + (schema.enum ? ': ' + schema.enum.map((value) => JSON.stringify(value)).join(', ') : '');
}

function innermost(schema) {
  schema = unwrap(schema);
  while (schema.type === 'array' || (schema.type === 'object' && schema.additionalProperties && schema.additionalProperties !== true)) {
    schema = unwrap(schema.type === 'array' ? schema.items : schema.additionalProperties);
  }
  return schema;
}

// Members are shown when somebody opens them: schemas may refer to each other in circles.
function schemaView(schema) {
  const inner = resolve(innermost(schema));
  const list = make('ul', { class: 'schema' });
  for (const [name, member] of Object.entries(inner.properties || {})) {
    const required = (inner.required || []).includes(name) ? ' required' : '';
    const words = [make('code', {}, name), ' ', make('span', { class: 'says' }, typeText(member) + required + (member.readOnly ? ', set by the server' : '')), member.description ? ' — ' + member.description : ''];
    if (resolve(innermost(member)).properties) {
      const more = make('details', {}, make('summary', {}, ...words));
      more.addEventListener('toggle', () => { if (more.open && more.children.length === 1) more.append(schemaView(member)); });
      list.append(make('li', {}, more));
    } else {
      list.append(make('li', {}, ...words));
    }
  }
  return list;
}

function example(schema, depth) {
  schema = resolve(unwrap(schema));
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'array': return [];
    case 'boolean': return false;
    case 'integer': case 'number': return 0;
    case 'string': return '';
  }
  const value = {};
  if (depth < 1) {
    for (const [name, member] of Object.entries(schema.properties || {})) {
      if ((schema.required || []).includes(name)) value[name] = example(member, depth + 1);
    }
  }
  return value;
}

function parametersView(parameters, fields) {
  const table = make('table', {});
  for (const parameter of parameters) {
    const input = make('input', { 'aria-label': parameter.name, placeholder: parameter.schema.enum ? parameter.schema.enum.join(', ') : parameter.schema.type || '' });
    fields.push({ parameter, input });
    table.append(make('tr', {}, make('td', {}, make('code', {}, parameter.name), make('div', { class: 'says' }, parameter.in + (parameter.required ? ', required' : ''))), make('td', {}, parameter.description || ''), make('td', {}, input)));
  }
  return table;
}

function answersView(responses) {
  const table = make('table', {});
  for (const [status, answer] of Object.entries(responses)) {
    const cell = make('td', {}, answer.description || '');
    for (const [type, media] of Object.entries(answer.content || {})) {
      if (Number(status) >= 300) continue;
      cell.append(make('div', { class: 'says' }, type + ', ' + typeText(media.schema)));
      if (resolve(innermost(media.schema)).properties) cell.append(schemaView(media.schema));
    }
    table.append(make('tr', {}, make('td', {}, make('code', {}, status)), cell));
  }
  return table;
}

const quoteForShell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

async function send(operation, fields, body, files, output) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of fields) {
    if (parameter.in === 'path') path = path.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (input.value === '') continue;
    else if (parameter.in === 'query') query.append(parameter.name, input.value);
    else headers[parameter.name] = input.value;
  }
  if (token) headers.Authorization = 'Bearer ' + token;
  const base = (operation.item.servers || api.servers)[0].url.replace(/\/$/, '');
  const url = base + path + (String(query) ? '?' + query : '');
  const options = { method: operation.method.toUpperCase(), headers, credentials: 'omit' };
  let curl = 'curl -X ' + options.method + ' ' + quoteForShell(location.origin + url);
  if (token) curl += " -H 'Authorization: Bearer …'";
  if (files && files.files.length > 0) {
    if (operation.form) {
      options.body = new FormData();
      for (const file of files.files) options.body.append('filenames', file);
    } else {
      options.body = files.files[0];
    }
  } else if (body && body.value !== '') {
    options.body = body.value;
    headers['Content-Type'] = 'application/json';
    curl += " -H 'Content-Type: application/json' -d " + quoteForShell(body.value);
  }
  output.replaceChildren(make('pre', {}, curl), 'waiting …');
  try {
    const answer = await fetch(url, options);
    const type = answer.headers.get('Content-Type') || '';
    let shown = '';
    if (type.startsWith('application/json') || type.startsWith('text/')) {
      const text = await answer.text();
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { shown = text; }
    } else {
      const bytes = await answer.arrayBuffer();
      shown = bytes.byteLength + ' bytes of ' + (type || 'no type');
    }
    output.replaceChildren(make('pre', {}, curl), make('strong', {}, answer.status + ' ' + answer.statusText), make('pre', {}, shown.slice(0, 200000)));
  } catch (failure) {
    output.replaceChildren(make('pre', {}, curl), make('strong', {}, String(failure)));
  }
}

function details(operation) {
  const { data } = operation;
  const box = make('div', {});
  if (data.description) box.append(make('p', {}, data.description));
  const ways = (data.security || api.security || []).map((way) => Object.keys(way).join(' and ') || 'nothing');
  box.append(make('p', { class: 'says' }, 'Proof: ' + (ways.length ? ways.join(' or ') : 'none needed')));
  const fields = [];
  if (data.parameters) box.append(make('h3', {}, 'Parameters'), parametersView(data.parameters, fields));
  let body = null, files = null;
  if (data.requestBody) {
    for (const [type, media] of Object.entries(data.requestBody.content)) {
      box.append(make('h3', {}, 'Body: ' + type + ', ' + typeText(media.schema)));
      if (type === 'application/json') {
        box.append(schemaView(media.schema));
        body = make('textarea', { 'aria-label': 'Body', spellcheck: 'false' });
        body.value = JSON.stringify(example(media.schema, 0), null, 2);
        box.append(body);
      } else {
        operation.form = type === 'multipart/form-data';
        files = make('input', { type: 'file', multiple: operation.form, 'aria-label': 'Files' });
        box.append(files);
      }
    }
  }
  const output = make('div', {});
  const button = make('button', { type: 'button' }, 'Send');
  button.addEventListener('click', () => send(operation, fields, body, files, output));
  box.append(make('div', { class: 'row' }, button), output, make('h3', {}, 'Answers'), answersView(data.responses));
  return box;
}

function show(document_) {
  api = document_;
  document.getElementById('title').textContent = api.info.title;
  const tags = document.getElementById('tags');
  const main = document.getElementById('operations');
  main.append(make('p', {}, api.info.description));
  const sections = new Map();
  for (const tag of api.tags) {
    const id = 'tag-' + tag.name.replaceAll(' ', '-');
    const section = make('section', { id }, make('h2', {}, tag.name), make('p', { class: 'about' }, tag.description || ''));
    sections.set(tag.name, section);
    tags.append(make('a', { href: '#' + id }, tag.name));
    main.append(section);
  }
  const entries = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      const data = item[method];
      if (!data) continue;
      const operation = { path, method, item, data };
      const entry = make('details', { class: 'operation' }, make('summary', {}, make('span', { class: 'method ' + method }, method.toUpperCase()), make('code', {}, path), make('span', { class: 'says' }, data.summary || '')));
      entry.addEventListener('toggle', () => { if (entry.open && entry.children.length === 1) entry.append(details(operation)); });
      entries.push({ entry, text: [method, path, data.operationId, data.summary, data.tags[0]].join(' ').toLowerCase() });
      sections.get(data.tags[0]).append(entry);
    }
  }
  document.getElementById('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.toLowerCase().split(' ');
    for (const { entry, text } of entries) entry.classList.toggle('hidden', !wanted.every((word) => text.includes(word)));
    for (const section of sections.values()) section.classList.toggle('hidden', !section.querySelector('.operation:not(.hidden)'));
  });
}

async function logIn() {
  const value = (id) => document.getElementById(id).value;
  const who = document.getElementById('who');
  const bytes = new TextEncoder().encode(value('name') + ':' + value('password'));
  const headers = { Authorization: 'Basic ' + btoa(String.fromCharCode(...bytes)) };
  if (value('passcode')) headers['X-SFTPGO-OTP'] = value('passcode');
  const answer = await fetch(api.servers[0].url + '/' + value('kind'), { headers, credentials: 'omit' });
  const body = await answer.json();
  token = answer.ok ? body.access_token : '';
  document.getElementById('password').value = '';
  document.getElementById('passcode').value = '';
  who.textContent = answer.ok ? 'logged in until ' + new Date(body.expires_at).toLocaleTimeString() : body.error || body.message || String(answer.status);
}

document.getElementById('enter').addEventListener('click', () => logIn().catch((failure) => { document.getElementById('who').textContent = String(failure); }));
fetch('openapi.json').then((answer) => {
  if (!answer.ok) throw new Error('openapi.json: ' + answer.status);
  return answer.json();
}).then(show).catch((failure) => document.getElementById('operations').append(make('p', {}, String(failure))));
