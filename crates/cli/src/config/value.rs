//! From a node to a value of the type that a key takes.

use tuyau_wire::Identity;

use super::node::{Node, Style, Value, is_plain_text};
use super::problem::Problem;
use super::quote::{quoted, shortened};

/// Characters of a name.
const NAME_MAX: usize = 64;

/// A whole number within inclusive bounds.
pub(crate) fn integer(node: &Node, min: u64, max: u64, unit: &str) -> Result<u64, Problem> {
    let expected = format!("a whole number of {unit}");
    let Value::Scalar { text, style } = &node.value else {
        return Err(Problem::wrong_type(&expected, node));
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if *style == Style::Quoted {
        let advice = if digits { ": remove the quotes" } else { "" };
        let mut problem = Problem::wrong_type(&expected, node);
        problem.message.push_str(advice);
        return Err(problem);
    }
    let negative = text
        .strip_prefix('-')
        .is_some_and(|rest| rest.parse::<u64>().is_ok());
    if !digits && !negative {
        let mut problem = Problem::wrong_type(&expected, node);
        problem
            .message
            .push_str(&format!(": write digits only, from {min} to {max}"));
        return Err(problem);
    }
    match text.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(Problem::out_of_range(format!(
            "{} is out of bounds: write {min} to {max} {unit}",
            quoted(text)
        ))),
    }
}

/// A truth value: what YAML 1.2 has for that, and nothing that other programs take for it.
pub(crate) fn switch(node: &Node) -> Result<bool, Problem> {
    let expected = "`true` or `false`";
    match &node.value {
        Value::Scalar { text, style } if *style != Style::Quoted => match text.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Problem::wrong_type(expected, node)),
        },
        Value::Scalar { text, .. } if matches!(text.as_str(), "true" | "false") => {
            let mut problem = Problem::wrong_type(expected, node);
            problem.message.push_str(": remove the quotes");
            Err(problem)
        }
        _ => Err(Problem::wrong_type(expected, node)),
    }
}

/// Text of at most `max` bytes.
pub(crate) fn text(node: &Node, max: usize) -> Result<String, Problem> {
    let text = scalar_text(node, "text")?;
    if text.len() > max {
        let message = format!("{} bytes of text: at most {max} are allowed", text.len());
        return Err(Problem::out_of_range(message));
    }
    Ok(text.to_owned())
}

/// A name that can be part of a path and of a line of output.
pub(crate) fn name(node: &Node) -> Result<String, Problem> {
    let text = scalar_text(node, "a name")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=NAME_MAX).contains(&text.len()) && text.chars().all(allowed);
    if fits && !text.starts_with('.') {
        return Ok(text.to_owned());
    }
    Err(Problem::bad_value(format!(
        "{} cannot be a name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`, and no `.` \
         first",
        quoted(text)
    )))
}

/// The text of a path, still relative.
pub(crate) fn path(node: &Node) -> Result<&str, Problem> {
    let text = scalar_text(node, "a path")?;
    if text.is_empty() {
        return Err(Problem::bad_value("expected a path, found empty text"));
    }
    if text.contains(char::is_control) {
        let message = format!("the path {} has a control character in it", quoted(text));
        return Err(Problem::bad_value(message));
    }
    if text == "~" || text.starts_with("~/") {
        let message = format!(
            "`~` is not expanded in {}: write the whole path",
            quoted(text)
        );
        return Err(Problem::bad_value(message));
    }
    Ok(text)
}

/// An identity.
pub(crate) fn identity(node: &Node) -> Result<Identity, Problem> {
    let text = scalar_text(node, "an identity")?;
    text.parse().map_err(|error| {
        Problem::bad_value(format!("{} is not an identity: {error}", quoted(text)))
    })
}

/// The text of a node that holds `expected`; numbers and truth values have to be quoted.
pub(crate) fn scalar_text<'n>(node: &'n Node, expected: &str) -> Result<&'n str, Problem> {
    match &node.value {
        Value::Scalar { text, style } if *style != Style::Plain || is_plain_text(text) => Ok(text),
        Value::Scalar { text, .. } => {
            let mut problem = Problem::wrong_type(expected, node);
            problem.message.push_str(&format!(
                ": if it is meant as text, write \"{}\"",
                shortened(text)
            ));
            Err(problem)
        }
        _ => Err(Problem::wrong_type(expected, node)),
    }
}

/// The items of a list; text from outside YAML is split at its commas.
pub(crate) fn list(node: &Node, expected: &str) -> Result<Vec<Node>, Problem> {
    match &node.value {
        Value::List(items) => Ok(items.clone()),
        Value::Scalar {
            text,
            style: Style::Untyped,
        } => Ok(text
            .split(',')
            .map(|item| Node::untyped(item.trim(), node.place.clone()))
            .collect()),
        Value::Scalar { text, .. } if !node.is_null() => {
            let mut problem = Problem::wrong_type(expected, node);
            problem
                .message
                .push_str(&format!(": a list of one is written [{}]", shortened(text)));
            Err(problem)
        }
        _ => Err(Problem::wrong_type(expected, node)),
    }
}
