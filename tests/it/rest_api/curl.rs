//! An example for each operation: a command for the shell, and what it answers.

use super::document::{Document, Operation, Value, fields, text};

/// Returns the example as blocks of Markdown.
pub(super) fn example(document: &Document, operation: &Operation<'_>) -> String {
    let mut out = format!("\n```console\n$ {}\n```\n", command(document, operation));
    let responses =
        fields(&operation.body["responses"]).map(|(_, response)| document.resolve(response));
    let first = responses.into_iter().next();
    let answer = first.and_then(|response| example_of(&response["content"]["application/json"]));
    let failed = fields(&operation.body["responses"])
        .next()
        .is_some_and(|(status, _)| status >= "400");
    if let Some(answer) = answer.filter(|_| !failed) {
        let answer = serde_json::to_string_pretty(answer).unwrap();
        out.push_str(&format!("\n```json\n{answer}\n```\n"));
    }
    out
}

fn command(document: &Document, operation: &Operation<'_>) -> String {
    let mut words = vec!["curl".to_owned()];
    if operation.method != "GET" {
        words.push(format!("-X {}", operation.method));
    }
    let open =
        text(operation.body, "x-target").is_none() && operation.body.get("security").is_some();
    if !open {
        words.push("-H \"Authorization: token $TOKEN\"".to_owned());
    }
    let body = operation
        .body
        .get("requestBody")
        .map(|body| document.resolve(body));
    for (kind, media) in body.into_iter().flat_map(|body| fields(&body["content"])) {
        let example = example_of(media).expect("every body has an example");
        if kind == "application/json" {
            let sent = serde_json::to_string(example).unwrap();
            words.push(format!("-d '{sent}'"));
        } else {
            let pairs = fields(example).map(|(key, value)| {
                let value = value.as_str().or(value.get(0).and_then(Value::as_str));
                format!("-d {key}={}", value.unwrap())
            });
            words.extend(pairs);
        }
    }
    let mut path = operation.path.to_owned();
    for parameter in operation.parameters(document) {
        let name = text(parameter, "name").unwrap();
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), text(parameter, "example").unwrap());
        }
    }
    words.push(format!("\"$CARREL_URL{path}\""));
    words.join(" ")
}

/// Returns the example of a body, the first where there are several.
fn example_of(media: &Value) -> Option<&Value> {
    let several = || fields(&media["examples"]).next()?.1.get("value");
    media.get("example").or_else(several)
}
