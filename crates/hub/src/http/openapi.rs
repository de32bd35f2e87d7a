//! `/openapi.json`: the routes as OpenAPI 3.1 describes an API. Generated from the route table and
//! from the types that are read and written, so that it can't tell of what is not there.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use lenswire_api::Problem;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::asked::{Answer, Asked};
use super::gate::Origins;
use super::router::{Access, Route, table};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What a row of the table says about itself, for people and programs.
#[derive(Default)]
pub(super) struct Doc {
    summary: &'static str,
    query: Option<Describe>,
    takes: Option<Content>,
    gives: Vec<(u16, Option<Content>)>,
}

/// A body.
struct Content {
    media_type: &'static str,
    /// Text of no further shape when absent.
    describe: Option<Describe>,
}

impl Content {
    fn json<T: JsonSchema>() -> Self {
        Self {
            media_type: JSON,
            describe: Some(SchemaGenerator::subschema_for::<T>),
        }
    }

    const fn text(media_type: &'static str) -> Self {
        Self {
            media_type,
            describe: None,
        }
    }
}

impl Route {
    /// What it is for, in a sentence.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.doc.summary = summary;
        self
    }

    /// What stands behind `?`.
    pub(super) fn asks<T: JsonSchema>(mut self) -> Self {
        self.doc.query = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// A body in JSON.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.doc.takes = Some(Content::json::<T>());
        self
    }

    /// A body of another type.
    pub(super) fn takes_text(mut self, media_type: &'static str) -> Self {
        self.doc.takes = Some(Content::text(media_type));
        self
    }

    /// Answers with JSON.
    pub(super) fn gives<T: JsonSchema>(mut self, status: u16) -> Self {
        self.doc.gives.push((status, Some(Content::json::<T>())));
        self
    }

    /// Answers with something else.
    pub(super) fn gives_text(mut self, status: u16, media_type: &'static str) -> Self {
        self.doc
            .gives
            .push((status, Some(Content::text(media_type))));
        self
    }

    /// Answers without a body.
    pub(super) fn gives_nothing(mut self, status: u16) -> Self {
        self.doc.gives.push((status, None));
        self
    }
}

/// `GET /openapi.json`.
pub(crate) async fn read(_asked: Asked) -> Answer {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| document(&table()).to_string().into_bytes().into());
    Ok(([(CONTENT_TYPE, JSON)], DOCUMENT.clone()).into_response())
}

/// The whole description.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut writer = Writer::new();
    let mut paths = Map::new();
    for route in routes {
        let path = paths
            .entry(route.what.template())
            .or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = writer.operation(route);
    }
    let problem = writer.answers.subschema_for::<Problem>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lenswire",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Live video from cameras to browsers and programs.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": writer.schemas(),
            "responses": { "Problem": {
                "description": "What went wrong, with a stable code and a fix.",
                "content": { PROBLEM: { "schema": problem } },
            } },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "query": { "type": "apiKey", "in": "query", "name": "token" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-lenswire" },
            },
        },
    })
}

/// Writes operations; gathers the types that they name. What is read and what is written of one type
/// may differ: a key with a default may be left out of a request, and is never missing in an answer.
struct Writer {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Writer {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }

    fn operation(&mut self, route: &Route) -> Value {
        let Doc {
            summary,
            query,
            takes,
            gives,
        } = &route.doc;
        let mut parameters = path_parameters(route.what.template());
        if let Some(describe) = query {
            parameters.extend(self.query_parameters(*describe));
        }
        let mut responses = Map::new();
        for (status, content) in gives {
            let mut response =
                json!({ "description": if *status < 300 { "Done." } else { "No news." } });
            if let Some(content) = content {
                response["content"] = written(content, &mut self.answers);
            }
            responses.insert(status.to_string(), response);
        }
        responses.insert(
            "default".to_owned(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
        let (method, what) = (route.method.as_str().to_lowercase(), route.what);
        let mut operation = json!({
            "operationId": format!("{method}{what:?}"),
            "summary": summary,
            "description": access(route.access),
            "parameters": parameters,
            "responses": responses,
            "security": security(route),
        });
        if let Some(content) = takes {
            let content = written(content, &mut self.requests);
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }

    /// The keys of a struct as parameters. The struct itself is none of the API's types.
    fn query_parameters(&mut self, describe: Describe) -> Vec<Value> {
        let schema = describe(&mut self.requests).to_value();
        let pointer = schema["$ref"].as_str().unwrap_or_default();
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let Some(object) = self.requests.definitions_mut().get(name) else {
            return Vec::new();
        };
        let mut parameters = Vec::new();
        for (name, schema) in object["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"));
            parameters.push(json!({
                "name": name,
                "in": "query",
                "description": description.unwrap_or_default(),
                "schema": schema,
            }));
        }
        parameters
    }

    /// All types that were named.
    fn schemas(&mut self) -> Map<String, Value> {
        let mut schemas = self.requests.take_definitions(true);
        schemas.extend(self.answers.take_definitions(true));
        schemas
    }
}

fn written(content: &Content, generator: &mut SchemaGenerator) -> Value {
    let schema = match content.describe {
        Some(describe) => describe(generator).to_value(),
        None => json!({ "type": "string" }),
    };
    json!({ content.media_type: { "schema": schema } })
}

/// `{name}` and its like.
fn path_parameters(template: &str) -> Vec<Value> {
    let names = template
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let described = names.map(|name| {
        let description = match name {
            "name" => "A stream's name, percent-encoded as one segment: `phones%2F1`.",
            "stream" => "A stream's name as it is: `phones/1`.",
            _ => "",
        };
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": { "type": "string" },
        })
    });
    described.collect()
}

fn access(access: Access) -> &'static str {
    match access {
        Access::Public => "For everybody.",
        Access::Selected => "For everybody, who sees what they may.",
        Access::Watch => "For who may watch the stream.",
        Access::Publish => "For who may publish to the stream.",
        Access::Owner => "For who opened the session.",
        Access::Administrator => "For administrators.",
    }
}

fn security(route: &Route) -> Value {
    let ways = match Origins::of(route.what) {
        Origins::Any => ["token", "query"].as_slice(),
        Origins::Own => &["token", "cookie"],
        Origins::Picture => &["token", "query", "cookie"],
        Origins::Socket => &["cookie"],
    };
    let mut ways: Vec<_> = ways.iter().map(|way| json!({ *way: [] })).collect();
    match route.access {
        Access::Public => return json!([]),
        // Open streams take nothing.
        Access::Selected | Access::Watch | Access::Publish => ways.push(json!({})),
        Access::Owner | Access::Administrator => {}
    }
    ways.into()
}

#[cfg(test)]
mod tests;
