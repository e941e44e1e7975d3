// Draws openapi.json and sends what is asked. Everything from the description and from answers is set as text.
"use strict";

let description = {};

function made(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function resolved(schema) {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.slice(2).split("/").reduce((part, key) => part[key], description);
}

function typeOf(schema) {
  const found = resolved(schema);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = found.anyOf || found.oneOf;
  if (either) return either.map(typeOf).join(" | ");
  if (found.type === "array") return `[${typeOf(found.items)}]`;
  return found.const !== undefined ? JSON.stringify(found.const) : found.format || found.type || "any";
}

// What a body may look like: its example, else what it needs.
function example(schema, depth = 0) {
  const found = resolved(schema);
  if (found.example !== undefined) return found.example;
  if (found.examples && found.examples.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.enum) return found.enum[0];
  const either = found.anyOf || found.oneOf;
  if (either) return example(either[0], depth);
  if (found.type === "object" && found.properties && depth < 4) {
    const needed = found.required || [];
    const named = Object.entries(found.properties).filter(([name]) => needed.includes(name));
    return Object.fromEntries(named.map(([name, part]) => [name, example(part, depth + 1)]));
  }
  if (found.type === "array") return found.minItems ? [example(found.items, depth + 1)] : [];
  return { string: "…", integer: found.minimum ?? 1, number: found.minimum ?? 1, boolean: false, object: {} }[found.type] ?? null;
}

function rows(entries) {
  const table = made("table");
  for (const cells of entries) {
    const row = made("tr");
    for (const cell of cells) {
      const place = made("td");
      place.append(cell);
      row.append(place);
    }
    table.append(row);
  }
  return table;
}

function fieldRows(schema) {
  const found = resolved(schema);
  const needed = found.required || [];
  return Object.entries(found.properties || {}).map(([name, part]) => [
    name + (needed.includes(name) ? " *" : ""),
    typeOf(part),
    part.description || resolved(part).description || "",
  ]);
}

// The parts of an operation that can be filled in, each with what reads it.
function parameterInputs(operation, place) {
  const inputs = [];
  const entries = (operation.parameters || []).map((parameter) => {
    const input = made("input");
    input.placeholder = parameter.example ?? "";
    inputs.push([parameter, input]);
    return [parameter.name + (parameter.required ? " *" : ""), input, parameter.description || typeOf(parameter.schema)];
  });
  if (entries.length) place.append(made("h3", "Parameters"), rows(entries));
  return inputs;
}

function bodyInput(operation, place) {
  const kinds = (operation.requestBody || {}).content || {};
  const kind = "application/json" in kinds ? "application/json" : Object.keys(kinds)[0];
  if (!kind) return null;
  place.append(made("h3", `Body: ${Object.keys(kinds).join(" or ")}`));
  for (const said of Object.values(kinds)) {
    const fields = fieldRows(said.schema);
    if (fields.length) place.append(rows(fields));
  }
  if (kind !== "application/json") return null;
  const input = made("textarea");
  input.spellcheck = false;
  input.value = JSON.stringify(kinds[kind].example ?? example(kinds[kind].schema), null, 2);
  place.append(input);
  return input;
}

function addressOf(path, inputs) {
  const query = new URLSearchParams();
  for (const [parameter, input] of inputs) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value) {
      const values = resolved(parameter.schema).type === "array" ? input.value.split(",") : [input.value];
      for (const value of values) query.append(parameter.name, value.trim());
    }
  }
  return path.slice(1) + (query.size ? `?${query}` : "");
}

async function send(method, address, body) {
  const headers = {};
  const key = document.getElementById("key").value;
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== null) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method: method.toUpperCase(), headers, body });
  const shown = made("div");
  shown.append(made("h3", `${answer.status} ${answer.statusText}`));
  if ((answer.headers.get("content-type") || "").startsWith("image/")) {
    const picture = made("img");
    picture.src = URL.createObjectURL(await answer.blob());
    shown.append(picture);
    return shown;
  }
  const text = await answer.text();
  try {
    shown.append(made("pre", JSON.stringify(JSON.parse(text), null, 2)));
  } catch {
    shown.append(made("pre", text)); // events, metrics
  }
  return shown;
}

function sender(method, path, operation, place) {
  const inputs = parameterInputs(operation, place);
  const body = bodyInput(operation, place);
  const button = made("button", "Send");
  const answer = made("div");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      answer.replaceChildren(await send(method, addressOf(path, inputs), body && body.value));
    } catch (problem) {
      answer.replaceChildren(made("pre", String(problem)));
    }
    button.disabled = false;
  });
  place.append(button, answer);
}

function responses(operation, place) {
  place.append(made("h3", "Answers"), rows(Object.entries(operation.responses).map(([code, said]) => [code, said.description])));
  for (const [kind, said] of Object.entries((operation.responses["200"] || {}).content || {})) {
    if (said.example === undefined) continue;
    const text = typeof said.example === "string" ? said.example : JSON.stringify(said.example, null, 2);
    place.append(made("h3", `Example: ${kind}`), made("pre", text));
  }
}

function drawn(method, path, operation) {
  const route = made("details");
  route.id = operation.operationId;
  const head = made("summary");
  head.append(made("span", method, "method"), made("span", path, "path"), made("span", operation.summary, "summary"));
  const inside = made("div");
  route.append(head, inside);
  // Examples of all routes at once are long: each is drawn when it is opened.
  route.addEventListener("toggle", () => {
    if (!route.open || inside.firstChild) return;
    inside.append(made("p", operation.description || ""));
    sender(method, path, operation, inside);
    responses(operation, inside);
  });
  return route;
}

function draw() {
  document.getElementById("title").textContent = `${description.info.title} API ${description.info.version}`;
  document.getElementById("about").textContent = description.info.description;
  const keyRow = document.getElementById("key-row");
  keyRow.hidden = !(description.components || {}).securitySchemes;
  keyRow.addEventListener("submit", (event) => event.preventDefault());
  const groups = new Map();
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = (operation.tags || ["other"])[0];
      if (!groups.has(name)) groups.set(name, [made("h2", name)]);
      groups.get(name).push(drawn(method, path, operation));
    }
  }
  document.getElementById("routes").replaceChildren(...[...groups.values()].flat());
}

fetch("openapi.json")
  .then((answer) => answer.json())
  .then((found) => {
    description = found;
    draw();
  })
  .catch((problem) => document.getElementById("routes").replaceChildren(made("pre", String(problem))));
