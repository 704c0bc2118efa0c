//! The document as a page for people: one file of HTML without scripts, so that no library has to be kept for it and the
//! strictest policy lets it through.

use std::fmt::Write;

use serde_json::{Map, Value};

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Hotline: the HTTP interface</title><style>\
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1rem;color:#1b2733;background:#fff}\
nav a{margin-right:1rem}h2{margin-top:2.5rem;text-transform:capitalize}details{border:1px solid #d5dde5;border-radius:6px;\
margin:.4rem 0;padding:.3rem .7rem}summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}\
pre{background:#f4f7fa;padding:.6rem;overflow:auto;border-radius:4px}b.m{display:inline-block;width:4.2rem}\
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #d5dde5;padding:.25rem .5rem;text-align:left;\
vertical-align:top}small{color:#566573}\
@media(prefers-color-scheme:dark){body{color:#dde5ec;background:#141a20}pre{background:#1d252d}\
details,td,th{border-color:#34404b}a{color:#8ab8ff}small{color:#9aa7b3}}</style></head><body>";

/// The page for a document of [`super::document()`].
pub(crate) fn page(document: &Value) -> String {
    let mut html = HEAD.to_owned();
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let none = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    let mut tags: Vec<&str> = Vec::new();
    let mut operations = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap_or(&none) {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            operations.push((tag, path, method, operation));
        }
    }
    html += "<h1>Hotline: the HTTP interface</h1><p>";
    html += &text(&document["info"]["description"]);
    html +=
        " The same for programs: <a href=\"/api/v1/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p><nav>";
    for tag in &tags {
        write(&mut html, format_args!("<a href=\"#{0}\">{0}</a> ", escape(tag)));
    }
    html += "<a href=\"#schemas\">schemas</a></nav>";
    for tag in tags {
        write(&mut html, format_args!("<h2 id=\"{0}\">{0}</h2>", escape(tag)));
        for (_, path, method, operation) in operations.iter().filter(|(of, ..)| *of == tag) {
            show_operation(&mut html, path, method, operation);
        }
    }
    html += "<h2 id=\"schemas\">Schemas</h2>";
    for (name, schema) in document["components"]["schemas"].as_object().unwrap_or(&none) {
        let json = serde_json::to_string_pretty(schema).unwrap_or_default();
        let (name, json) = (escape(name), linked(&escape(&json)));
        write(
            &mut html,
            format_args!(
                "<details id=\"schema-{name}\"><summary><code>{name}</code></summary><pre>{json}</pre></details>"
            ),
        );
    }
    html + "</body></html>"
}

fn show_operation(html: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let (id, method) = (text(&operation["operationId"]), method.to_ascii_uppercase());
    write(
        html,
        format_args!(
            "<details id=\"{id}\"><summary><b class=m>{method}</b><code>{}</code> <small>{}</small></summary><p>{}</p>",
            escape(path),
            text(&operation["summary"]),
            text(&operation["description"])
        ),
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        *html += "<table><tr><th>Parameter<th>In<th>What";
        for one in parameters {
            let must = if one["required"] == true { "required. " } else { "" };
            let (name, place, about) = (text(&one["name"]), text(&one["in"]), text(&one["description"]));
            write(html, format_args!("<tr><td><code>{name}</code><td>{place}<td>{must}{about}"));
        }
        *html += "</table>";
    }
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        *html += "<p>Body: ";
        show_content(html, content);
        *html += "</p>";
    }
    *html += "<table><tr><th>Status<th>Answer";
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        write(html, format_args!("<tr><td>{}<td>", escape(status)));
        if response.get("$ref").is_some() {
            *html += "A problem: <a href=\"#schema-Problem\">Problem</a>";
            continue;
        }
        *html += &text(&response["description"]);
        if let Some(content) = response["content"].as_object() {
            *html += " ";
            show_content(html, content);
        }
    }
    *html += "</table></details>";
}

fn show_content(html: &mut String, content: &Map<String, Value>) {
    for (kind, media) in content {
        let name = media["schema"]["$ref"].as_str().and_then(|name| name.rsplit('/').next());
        write(html, format_args!("<code>{}</code> ", escape(kind)));
        if let Some(name) = name.map(escape) {
            write(html, format_args!("<a href=\"#schema-{name}\">{name}</a>"));
        }
    }
}

fn write(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Text takes everything.
    html.write_fmt(text).unwrap_or_default();
}

/// References in escaped JSON become links.
fn linked(json: &str) -> String {
    const MARK: &str = "#/components/schemas/";
    let mut parts = json.split(MARK);
    let mut html = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find('&').unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        write(&mut html, format_args!("<a href=\"#schema-{name}\">{name}</a>{rest}"));
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
