//! The description is whole, and what is kept of it in `docs/` is what is served.

use std::path::Path;

use super::*;

/// Calls `see` with each object in it.
fn walk(value: &Value, see: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            see(object);
            object.values().for_each(|value| walk(value, see));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, see)),
        _ => {}
    }
}

// Requirement 73: each row of the table is described, and says what it takes and gives.
#[test]
fn every_route_is_described() {
    let routes = table();
    let document = document(&routes);
    for route in &routes {
        let (path, method) = (route.what.template(), route.method.as_str().to_lowercase());
        let operation = &document["paths"][path][&method];
        let name = format!("{method} {path}");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.ends_with('.'), "{name} says nothing of itself");
        let answers = operation["responses"].as_object().expect("answers");
        assert!(answers.len() > 1, "{name} says nothing of its answer");
        for name in path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            let parameters = operation["parameters"].as_array().expect("a list");
            assert!(
                parameters.iter().any(|known| known["name"] == name),
                "{path}: {name}"
            );
        }
    }
}

#[test]
fn every_type_that_is_named_is_described() {
    let document = document(&table());
    let mut names = Vec::new();
    walk(&document, &mut |object| {
        if let Some(Value::String(pointer)) = object.get("$ref") {
            names.push(pointer.clone());
        }
    });
    assert!(names.len() > 40, "{}", names.len());
    for pointer in names {
        let found = document.pointer(pointer.trim_start_matches('#'));
        assert!(found.is_some_and(|found| !found.is_boolean()), "{pointer}");
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let document = document(&table());
    let mut names = Vec::new();
    walk(&document, &mut |object| {
        names.extend(
            object
                .get("operationId")
                .and_then(Value::as_str)
                .map(str::to_owned),
        );
    });
    names.sort_unstable();
    assert_eq!(names.len(), table().len());
    names.dedup();
    assert_eq!(names.len(), table().len());
}

// The console's types are made from the kept copy: `UPDATE=1 cargo test openapi` renews it.
#[test]
fn the_kept_description_is_the_served_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = format!("{:#}\n", document(&table()));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("writes");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "docs/openapi.json is stale: UPDATE=1 cargo test openapi"
    );
}
