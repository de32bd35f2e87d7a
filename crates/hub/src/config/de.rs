//! From the tree to the types: a serde deserializer over [`Node`] whose errors know their place.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{Fault, Place};
use super::tree::{Entry, Node, Value};

/// Reads a `T` out of the tree.
pub(super) fn read<T: DeserializeOwned>(node: Node) -> Result<T, Fault> {
    let place = node.place.clone();
    T::deserialize(Reader(node)).map_err(|fault| fault.at(&place))
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let fault = Self::new(format!("there is no key `{field}` here"));
        match nearest(field, expected) {
            Some(near) => fault.with_help(format!("did you mean `{near}`?")),
            None => fault.with_help(format!("the keys are {}", expected.join(", "))),
        }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected {}", expected.join(" or ")))
    }

    /// Without what was found: it may be an address with a password.
    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match unexpected {
            de::Unexpected::Map => "keys",
            de::Unexpected::Seq => "a list",
            de::Unexpected::Unit | de::Unexpected::Option => "nothing",
            _ => "a value",
        };
        Self::new(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }
}

/// The known key that differs in at most a third of its letters, and in three.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = word.chars().count().div_ceil(3).clamp(1, 3);
    known
        .iter()
        .map(|key| (distance(word, key), *key))
        .filter(|(far, _)| *far <= allowed)
        .min()
        .map(|(_, key)| key)
}

/// Levenshtein's distance, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let cost = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

struct Reader(Node);

/// Reads a text as the type that the key asks for.
macro_rules! read_number {
    ($($method:ident $visit:ident $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let text = self.text($expected)?;
            text.trim().parse().map_err(|_| Fault::new(concat!("expected ", $expected))).and_then(|n| visitor.$visit(n))
        }
    )*};
}

impl Reader {
    fn text(self, expected: &str) -> Result<String, Fault> {
        match self.0.value {
            Value::Text(text) => Ok(text),
            Value::Null => Err(Fault::new(format!("expected {expected}, found nothing"))),
            Value::List(_) => Err(Fault::new(format!("expected {expected}, found a list"))),
            Value::Map(_) => Err(Fault::new(format!("expected {expected}, found keys"))),
        }
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Text(text) => visitor.visit_string(text),
            Value::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Map(entries) => visitor.visit_map(Entries {
                rest: entries.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.0.value, Value::Null) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text("true or false")?.trim() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Fault::new("expected true or false")),
        }
    }

    read_number! {
        deserialize_u8 visit_u8 "a number from 0 to 255";
        deserialize_u16 visit_u16 "a number from 0 to 65535";
        deserialize_u32 visit_u32 "a whole number";
        deserialize_u64 visit_u64 "a whole number";
        deserialize_i64 visit_i64 "a whole number";
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.text("a text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text = self.text(&variants.join(" or "))?;
        let reader: StringDeserializer<Fault> = text.into_deserializer();
        reader.deserialize_enum(name, variants, visitor)
    }

    /// Nothing where a map is wanted is an empty one: `streams:` with all of them commented out.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.value {
            Value::Null => visitor.visit_map(Entries {
                rest: Vec::new().into_iter(),
                value: None,
            }),
            Value::Map(_) => self.deserialize_any(visitor),
            Value::List(_) => Err(Fault::new("expected keys, found a list")),
            Value::Text(_) => Err(Fault::new("expected keys, found a value")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    /// Nothing where a list is wanted is an empty one.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.value {
            Value::Null => visitor.visit_seq(Items(Vec::new().into_iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! { i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

struct Items(std::vec::IntoIter<Node>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.0.next() else {
            return Ok(None);
        };
        let place = node.place.clone();
        seed.deserialize(Reader(node))
            .map(Some)
            .map_err(|fault| fault.at(&place))
    }
}

struct Entries {
    rest: std::vec::IntoIter<Entry>,
    value: Option<Node>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(entry.node);
        let key: StringDeserializer<Fault> = entry.key.into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|fault| fault.at(&entry.place))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let node = self.value.take().unwrap_or(Node {
            value: Value::Null,
            place: Place::File { line: 1, column: 1 },
        });
        let place = node.place.clone();
        seed.deserialize(Reader(node))
            .map_err(|fault| fault.at(&place))
    }
}
