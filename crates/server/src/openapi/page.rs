//! The document as a page for people: no script, nothing from elsewhere.

use std::fmt::Write;

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The page of a document.
pub(crate) fn page(document: &OpenApi) -> String {
    let document = serde_json::to_value(document).expect("the document is plain data");
    let page = Page { document: &document };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} API</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{style}</style>\n</head>\n<body>\n\
         <h1>{title} API {version}</h1>\n<p>{description}</p>\n\
         <p>The same for programs: <a href=\"v1/openapi.json\">openapi.json</a></p>\n\
         {contents}{operations}{schemas}</body>\n</html>\n",
        title = page.text("/info/title"),
        version = page.text("/info/version"),
        description = page.text("/info/description"),
        style = include_str!("page.css"),
        contents = page.contents(),
        operations = page.tags().map(|tag| page.tag(tag)).collect::<String>(),
        schemas = page.schemas(),
    )
}

struct Page<'document> {
    document: &'document Value,
}

impl<'document> Page<'document> {
    fn text(&self, pointer: &str) -> String {
        escaped(text_of(self.document.pointer(pointer)))
    }

    fn tags(&self) -> impl Iterator<Item = &'document Value> {
        self.document["tags"].as_array().into_iter().flatten()
    }

    fn contents(&self) -> String {
        let link = |tag: &Value| {
            let name = escaped(text_of(tag.get("name")));
            format!(
                "<li><a href=\"#{name}\">{name}</a> <span class=\"note\">{}</span></li>\n",
                described(tag)
            )
        };
        let links: String = self.tags().map(link).collect();
        format!("<ul>\n{links}<li><a href=\"#schemas\">schemas</a></li>\n</ul>\n")
    }

    fn tag(&self, tag: &Value) -> String {
        let name = text_of(tag.get("name"));
        let operations: String = entries(&self.document["paths"])
            .flat_map(|(path, item)| entries(item).map(move |(method, operation)| (path, method, operation)))
            .filter(|(_, _, operation)| operation["tags"][0] == name)
            .map(|(path, method, operation)| self.operation(path, method, operation))
            .collect();
        let name = escaped(name);
        format!("<h2 id=\"{name}\">{name}</h2>\n<p>{}</p>\n{operations}", described(tag))
    }

    fn operation(&self, path: &str, method: &str, operation: &Value) -> String {
        let mut text = format!(
            "<details id=\"{id}\"><summary><span class=\"method\">{method}</span> <code>{path}</code> {summary}</summary>\n<p>{description}</p>\n",
            id = escaped(text_of(operation.get("operationId"))),
            method = method.to_uppercase(),
            path = escaped(path),
            summary = escaped(text_of(operation.get("summary"))),
            description = described(operation),
        );
        let parameters: String =
            operation["parameters"].as_array().into_iter().flatten().map(parameter_row).collect();
        if !parameters.is_empty() {
            let _ = writeln!(text, "<table>\n<tr><th>parameter<th>in<th>form<th></tr>\n{parameters}</table>");
        }
        for (kind, body) in entries(&operation["requestBody"]["content"]) {
            let _ = writeln!(text, "<p>Body: <code>{}</code> {}</p>", escaped(kind), form(&body["schema"]));
        }
        let answers: String = entries(&operation["responses"])
            .map(|(status, answer)| self.answer_row(status, answer))
            .collect();
        let _ = writeln!(text, "<table>\n<tr><th>status<th>body<th></tr>\n{answers}</table>\n</details>");
        text
    }

    fn answer_row(&self, status: &str, answer: &Value) -> String {
        let resolved = match answer["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap_or(answer),
            None => answer,
        };
        let bodies: String = entries(&resolved["content"])
            .map(|(kind, body)| format!("<code>{}</code> {} ", escaped(kind), form(&body["schema"])))
            .collect();
        format!("<tr><td>{}<td>{bodies}<td>{}</tr>\n", escaped(status), described(resolved))
    }

    fn schemas(&self) -> String {
        let schema = |(name, schema): (&String, &Value)| {
            let name = escaped(name);
            format!(
                "<details id=\"schema-{name}\"><summary><code>{name}</code> {}</summary>\n<p>{}</p>\n{}</details>\n",
                if schema["properties"].is_object() { String::new() } else { form(schema) },
                described(schema),
                properties(schema)
            )
        };
        let schemas: String = entries(&self.document["components"]["schemas"]).map(schema).collect();
        format!("<h2 id=\"schemas\">schemas</h2>\n{schemas}")
    }
}

fn parameter_row(parameter: &Value) -> String {
    format!(
        "<tr><td><code>{}</code><td>{}<td>{}<td>{}</tr>\n",
        escaped(text_of(parameter.get("name"))),
        escaped(text_of(parameter.get("in"))),
        form(&parameter["schema"]),
        described(parameter)
    )
}

/// The fields of an object, those of all its parts.
fn properties(schema: &Value) -> String {
    let parts: String = schema["allOf"].as_array().into_iter().flatten().map(properties).collect();
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
    let rows: String = entries(&schema["properties"])
        .map(|(name, property)| {
            let mark = if required(name) { "required" } else { "" };
            let (name, form) = (escaped(name), form(property));
            format!("<tr><td><code>{name}</code><td>{form}<td>{mark}<td>{}</tr>\n", described(property))
        })
        .collect();
    match rows.is_empty() {
        true => parts,
        false => format!("{parts}<table>\n<tr><th>field<th>form<th><th></tr>\n{rows}</table>\n"),
    }
}

/// A schema in a few words, with links to those it refers to.
fn form(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[word].as_array() {
            let joint = if word == "allOf" { " and " } else { " or " };
            return parts.iter().map(form).collect::<Vec<_>>().join(joint);
        }
    }
    let mut words = match &schema["type"] {
        Value::Array(types) => types.iter().map(|kind| text_of(Some(kind))).collect::<Vec<_>>().join(" or "),
        kind => text_of(Some(kind)).to_owned(),
    };
    words = escaped(&words);
    if schema["items"].is_object() {
        let _ = write!(words, " of {}", form(&schema["items"]));
    }
    for (keyword, value) in entries(schema) {
        let shown = ["format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "default"];
        if shown.contains(&keyword.as_str()) {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let _ = write!(words, ", {keyword} <code>{}</code>", escaped(&value));
        }
    }
    words
}

fn described(value: &Value) -> String {
    escaped(text_of(value.get("description")))
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_in_words() {
        let cases = [
            (r##"{"$ref":"#/components/schemas/A<b>"}"##, "<a href=\"#schema-A&lt;b&gt;\">A&lt;b&gt;</a>"),
            (r#"{"type":"array","items":{"type":"string"}}"#, "array of string"),
            (
                r#"{"type":["string","null"],"format":"date-time"}"#,
                "string or null, format <code>date-time</code>",
            ),
            (
                r#"{"oneOf":[{"type":"null"},{"type":"integer","minimum":0}]}"#,
                "null or integer, minimum <code>0</code>",
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(form(&serde_json::from_str(schema).unwrap()), expected);
        }
    }
}
