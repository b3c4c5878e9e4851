//! What stands in the lists of a rule: actions, identities, sets, everyone.

use tuyau_router::policy::{Action, Party};

use super::super::notes::Shown;
use super::quote::{quoted, quoted_list, shortened};
use super::sets::Sets;
use super::{Node, Problem, suggest, value};

/// The word for every identity.
pub(super) const EVERYONE: &str = "everyone";

/// What the text of every identity begins with.
const IDENTITY: &str = "tuyau1";

/// Whether text is meant to be an identity.
pub(crate) fn is_identity(text: &str) -> bool {
    let head = text.get(..IDENTITY.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(IDENTITY))
}

/// One action at least, none of them twice.
pub(super) fn actions(node: &Node) -> Result<Vec<Action>, Problem> {
    let items = value::list(node, "a list of actions")?;
    if items.is_empty() {
        let names = names();
        let message = format!("no action is in this list: write one or more of {names}");
        return Err(Problem::out_of_range(message));
    }
    each_once(&items, action, |action| action.name().to_owned())
}

fn action(item: &Node) -> Result<Action, Problem> {
    let text = value::scalar_text(item, "an action")?;
    let mut all = Action::ALL.into_iter();
    all.find(|action| action.name() == text).ok_or_else(|| {
        let near = suggest::nearest(text, Action::ALL.map(Action::name));
        let advice = match (text, near) {
            ("request", _) => ": a request is a send, write `send`".to_owned(),
            (_, Some(near)) => format!(", did you mean `{near}`? actions: {}", names()),
            (_, None) => format!(": write one of {}", names()),
        };
        Problem::bad_value(format!("{} is no action{advice}", quoted(text)))
    })
}

fn names() -> String {
    quoted_list(Action::ALL.map(Action::name))
}

/// Between one and `max` parties, none of them twice, and everyone only alone.
pub(super) fn parties(node: &Node, max: usize, sets: &Sets) -> Result<Vec<Party>, Problem> {
    let items = value::list(node, "a list of identities and names of sets")?;
    if items.is_empty() {
        let message = format!(
            "nobody is in this list: write identities, names of sets, or `{EVERYONE}` alone"
        );
        return Err(Problem::out_of_range(message));
    }
    if items.len() > max {
        let message = format!(
            "{} entries in this list: write at most {max}, and put identities into a set",
            items.len()
        );
        return Err(Problem::out_of_range(message));
    }
    let parties = each_once(&items, |item| party(item, sets), written)?;
    match parties.iter().position(|party| *party == Party::Everyone) {
        Some(position) if parties.len() > 1 => {
            let message = format!(
                "`{EVERYONE}` makes the others in this list needless: keep `{EVERYONE}` alone, or \
                 the others"
            );
            Err(Problem::bad_value(message).at(&items[position].place))
        }
        _ => Ok(parties),
    }
}

fn party(item: &Node, sets: &Sets) -> Result<Party, Problem> {
    let text = value::scalar_text(item, "an identity, the name of a set, or `everyone`")?;
    match text {
        EVERYONE => Ok(Party::Everyone),
        _ if is_identity(text) => value::identity(item).map(Party::Identity),
        _ => sets.find(text).cloned().map(Party::Set),
    }
}

/// A party as a policy file has it.
pub(super) fn written(party: &Party) -> String {
    match party {
        Party::Everyone => EVERYONE.to_owned(),
        Party::Identity(identity) => identity.to_string(),
        Party::Set(set) => set.name().to_owned(),
    }
}

fn each_once<T: PartialEq>(
    items: &[Node],
    read: impl Fn(&Node) -> Result<T, Problem>,
    written: impl Fn(&T) -> String,
) -> Result<Vec<T>, Problem> {
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let value = read(item).map_err(|problem| problem.at(&item.place))?;
        if found.contains(&value) {
            let message = format!(
                "`{}` is in the list twice: keep one",
                shortened(&written(&value))
            );
            return Err(Problem::bad_value(message).at(&item.place));
        }
        found.push(value);
    }
    Ok(found)
}

impl Shown for tuyau_router::policy::Effect {
    fn shown(&self) -> serde_json::Value {
        self.name().into()
    }
}

impl Shown for Vec<Action> {
    fn shown(&self) -> serde_json::Value {
        self.iter().map(|action| action.name()).collect()
    }
}

impl Shown for Vec<Party> {
    fn shown(&self) -> serde_json::Value {
        self.iter().map(written).collect()
    }
}
