//! Resolvers that need nobody else.

use std::{
    error::Error,
    fmt,
    task::{Context, Poll, Waker},
};

use tuyau_core::{
    Address, Answers, EndpointError, EndpointKey, Literal, Resolver, ResolverExt, Table, Target,
};

/// A key whose endpoints are rooms.
struct Rooms;

impl EndpointKey for Rooms {
    type Endpoint = u16;
    const NAME: &'static str = "rooms";

    fn show(room: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{room}")
    }

    fn read(address: &Address) -> Result<u16, EndpointError> {
        let room = address.host().and_then(|host| host.parse().ok());
        room.ok_or_else(|| EndpointError::new(address, "a room, as in `rooms://12`"))
    }
}

/// All that a resolver answers, at once; `None` when it has nothing to say.
fn answers(
    resolver: &impl Resolver<Key = Rooms>,
    target: impl Into<Target>,
) -> Option<Vec<Result<u16, String>>> {
    let mut answers = resolver.resolve(&target.into())?;
    let mut all = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match answers.poll_next(&mut cx) {
            Poll::Ready(Some(answer)) => all.push(answer.map_err(|error| error.to_string())),
            Poll::Ready(None) => return Some(all),
            Poll::Pending => panic!("it asks somebody"),
        }
    }
}

/// Law 4: the order is that in which they were added.
#[test]
fn a_table_gives_the_endpoints_of_a_name_in_their_order() {
    let table = Table::<Rooms>::new()
        .with("anna", 3)
        .with("boris", 7)
        .with("anna", 1)
        .with("anna", 2);
    let rooms = |name| answers(&table, Target::name(name));
    assert_eq!(rooms("anna"), Some(vec![Ok(3), Ok(1), Ok(2)]));
    assert_eq!(rooms("boris"), Some(vec![Ok(7)]));
}

#[test]
fn a_table_does_not_tell_upper_from_lower_case() {
    let table = Table::<Rooms>::new().with("Anna", 3).with("aNNa", 1);
    for name in ["anna", "ANNA", "Anna"] {
        let found = answers(&table, Target::name(name));
        assert_eq!(found, Some(vec![Ok(3), Ok(1)]), "{name}");
    }
}

#[test]
fn a_table_has_nothing_to_say_of_other_names() {
    let table = Table::<Rooms>::new().with("anna", 3);
    for name in ["ann", "anna.", "annabel", "boris"] {
        assert_eq!(answers(&table, Target::name(name)), None, "{name}");
    }
    assert_eq!(answers(&Table::<Rooms>::new(), Target::name("anna")), None);
}

#[test]
fn an_address_that_says_the_endpoint_is_taken_as_it_is() -> Result<(), Box<dyn Error>> {
    let literal = Literal::<Rooms>::new();
    let address: Address = "rooms://12".parse()?;
    assert_eq!(answers(&literal, address), Some(vec![Ok(12)]));
    assert_eq!(answers(&literal, Target::name("12")), None);
    let address: Address = "rooms://hall".parse()?;
    let found = answers(&literal, address).expect("it is an address");
    let [Err(error)] = &found[..] else {
        panic!("it is no room: {found:?}");
    };
    assert!(error.contains("expected a room"), "{error}");
    Ok(())
}

/// Answers for every target, and takes the scheme of its key and `lift`.
struct Everywhere;

impl Resolver for Everywhere {
    type Key = Rooms;

    fn name(&self) -> &str {
        "everywhere"
    }

    fn takes(&self, scheme: &str) -> bool {
        ["rooms", "lift"].contains(&scheme)
    }

    fn resolve(&self, _: &Target) -> Option<Answers<u16>> {
        Some(Answers::ready([1]))
    }
}

#[test]
fn a_resolver_for_a_scheme_takes_bare_names_unless_it_is_for_the_scheme_only() {
    let (scheme, only) = (Everywhere.for_scheme("a"), Everywhere.only_scheme("a"));
    let asked = |target: Target| {
        (
            answers(&scheme, target.clone()).is_some(),
            answers(&only, target).is_some(),
        )
    };
    let address = |text: &str| Target::from(text.parse::<Address>().unwrap());
    assert_eq!(asked(address("a://x")), (true, true));
    assert_eq!(asked(address("b://x")), (false, false));
    assert_eq!(asked(address("rooms://x")), (false, false));
    assert_eq!(asked(Target::name("x")), (true, false));
}

/// The same rooms under another key.
struct Halls;

impl EndpointKey for Halls {
    type Endpoint = u16;
    const NAME: &'static str = "halls";

    fn show(hall: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rooms::show(hall, f)
    }
}

#[test]
fn a_resolver_under_another_key_takes_the_scheme_of_that_key_instead_of_its_own() {
    let halls = Everywhere.under::<Halls>();
    let taken = ["halls", "lift", "rooms", "stairs"].map(|scheme| halls.takes(scheme));
    assert_eq!(taken, [true, true, false, false]);
    let none = Everywhere.for_scheme("rooms").under::<Halls>();
    assert!(!none.takes("lift"));
}
