//! From YAML text to a tree of nodes with places, within fixed bounds.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::error::{ConfigError, ConfigErrorKind as Kind};
use super::node::{Entry, Node, Style, Value};
use super::place::Place;
use super::quote::quoted;
use super::syntax::{self, too_large};

/// Keys in one mapping; each new one is compared with all before it.
const KEYS_MAX: usize = 1_000;

/// The tree of `text`, or what is wrong with it.
///
/// An empty text, or one with only comments, is `None`. The tree is withheld only when the text
/// cannot be read any further; a duplicate key, say, leaves a tree and an error. It weighs at most
/// `weight_max`, see [`Node::weight`], where aliases weigh what they stand for, so that a small file
/// cannot grow large in memory.
pub(crate) fn parse(
    text: &str,
    file: &Arc<str>,
    weight_max: usize,
) -> (Option<Node>, Vec<ConfigError>) {
    let mut builder = Builder::new(file, weight_max);
    let options = granit_parser::options! {
        emit_anchor_events: false,
        flow_nesting_limit: syntax::DEPTH_MAX,
        block_nesting_limit: syntax::DEPTH_MAX,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let stop = match next {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(syntax::refusal(&error, builder.place(*error.marker()))),
        };
        if let Err(error) = stop {
            builder.errors.push(error);
            return (None, builder.errors);
        }
    }
    (builder.root, builder.errors)
}

struct Builder<'f> {
    file: &'f Arc<str>,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    weight: usize,
    weight_max: usize,
    documents: usize,
    errors: Vec<ConfigError>,
}

/// A collection whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    body: Body,
}

enum Body {
    List(Vec<Node>),
    Map(Vec<Entry>, Pending),
}

/// What a mapping has seen of its next entry.
enum Pending {
    Nothing,
    Key(String, Place),
    /// The key was refused; its value is read and forgotten.
    Refused,
}

impl<'f> Builder<'f> {
    fn new(file: &'f Arc<str>, weight_max: usize) -> Self {
        Self {
            file,
            root: None,
            open: Vec::new(),
            anchors: HashMap::new(),
            weight: 0,
            weight_max,
            documents: 0,
            errors: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ConfigError> {
        let place = self.place(span.start);
        match event {
            Event::DocumentStart(..) => self.document(place),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                let style = if style == ScalarStyle::Plain {
                    Style::Plain
                } else {
                    Style::Quoted
                };
                let value = Value::Scalar {
                    text: text.into_owned(),
                    style,
                };
                let node = Node { place, value };
                self.count(node.weight(), &node.place)?;
                self.complete(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                self.start(place, anchor, Body::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                self.start(place, anchor, Body::Map(Vec::new(), Pending::Nothing))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => Ok(()),
        }
    }

    fn document(&mut self, place: Place) -> Result<(), ConfigError> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message = "a second document starts here, and a configuration is one document: \
                       remove the `---` line";
        Err(ConfigError::new(place, Kind::Syntax, message))
    }

    fn start(&mut self, place: Place, anchor: usize, body: Body) -> Result<(), ConfigError> {
        self.count(1, &place)?;
        self.open.push(Open {
            place,
            anchor,
            body,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), ConfigError> {
        let Some(Open {
            place,
            anchor,
            body,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let value = match body {
            Body::List(items) => Value::List(items),
            Body::Map(entries, _) => Value::Map(entries),
        };
        self.complete(Node { place, value }, anchor)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), ConfigError> {
        let Some(target) = self.anchors.get(&anchor) else {
            let message = "this alias stands inside the value that it refers to: write the value \
                           out";
            return Err(ConfigError::new(place, Kind::Syntax, message));
        };
        let weight = target.weight();
        check_weight(self.weight + weight, self.weight_max, &place)?;
        self.weight += weight;
        let value = target.value.clone();
        self.complete(Node { place, value }, 0)
    }

    /// Puts a finished node where it belongs: as key, as value, as item, or as the root.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), ConfigError> {
        if anchor != 0 {
            self.count(node.weight(), &node.place)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.body {
            Body::List(items) => items.push(node),
            Body::Map(entries, pending) => match std::mem::replace(pending, Pending::Nothing) {
                Pending::Key(name, place) => entries.push(Entry { name, place, node }),
                Pending::Refused => {}
                Pending::Nothing if entries.len() == KEYS_MAX => {
                    return Err(too_large(
                        &format!("more than {KEYS_MAX} keys here"),
                        node.place,
                    ));
                }
                Pending::Nothing => match key(node, entries) {
                    Ok((name, place)) => *pending = Pending::Key(name, place),
                    Err(error) => {
                        *pending = Pending::Refused;
                        self.errors.push(error);
                    }
                },
            },
        }
        Ok(())
    }

    fn count(&mut self, weight: usize, place: &Place) -> Result<(), ConfigError> {
        self.weight += weight;
        check_weight(self.weight, self.weight_max, place)
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: &Span) {
        let Some(tag) = tag else { return };
        let place = self.place(span.tag_start().unwrap_or(span.start));
        let message = format!(
            "the tag {} has no meaning here: remove it, the key decides the type",
            quoted(&tag.original())
        );
        self.errors
            .push(ConfigError::new(place, Kind::Syntax, message));
    }

    fn place(&self, marker: Marker) -> Place {
        let (line, column) = (marker.line().max(1), marker.col() + 1);
        Place::Position {
            file: Arc::clone(self.file),
            line,
            column,
        }
    }
}

fn check_weight(weight: usize, most: usize, place: &Place) -> Result<(), ConfigError> {
    if weight <= most {
        return Ok(());
    }
    let what = "too many values, aliases counted as what they stand for";
    Err(too_large(what, place.clone()))
}

/// Takes a node as the next key of a mapping.
fn key(node: Node, entries: &[Entry]) -> Result<(String, Place), ConfigError> {
    let Value::Scalar { text, .. } = node.value else {
        let message = format!("a key is a word, found {}", node.describe());
        return Err(ConfigError::new(node.place, Kind::Syntax, message));
    };
    if let Some(first) = entries.iter().find(|entry| entry.name == text) {
        let message = format!(
            "the key {} is given twice, first on {}: keep one of them",
            quoted(&text),
            first.place.brief()
        );
        return Err(ConfigError::new(node.place, Kind::DuplicateKey, message));
    }
    Ok((text, node.place))
}
