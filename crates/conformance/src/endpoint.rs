//! The laws of endpoints' textual form.

use std::{any::type_name, fmt};

use tuyau_core::{Address, EndpointKey};

use crate::{Case, tasks::run_in_place};

/// Cases for the textual form of a key's endpoints: what is shown is read back as the same endpoint,
/// for each of `endpoints`, and each address in `refused` is refused with an example of the right form.
/// For each field that an address says give an endpoint with another value there than the usual one, so
/// that a field which is not shown is found.
///
/// ```
/// # use tuyau_core::{Address, EndpointError, EndpointKey};
/// # struct IntercomKey;
/// # impl EndpointKey for IntercomKey {
/// #     type Endpoint = u16;
/// #     const NAME: &'static str = "intercom";
/// #     fn show(room: &u16, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{room}") }
/// #     fn read(address: &Address) -> Result<u16, EndpointError> {
/// #         let room = address.host().and_then(|host| host.parse().ok());
/// #         room.ok_or_else(|| EndpointError::new(address, "a room, as in `intercom://12`"))
/// #     }
/// # }
/// use tuyau_conformance::endpoint_cases;
///
/// for case in endpoint_cases::<IntercomKey>("intercom", vec![1, 12], &["intercom://hall"]) {
///     case.run()?;
/// }
/// # Ok::<(), tuyau_conformance::NotRun>(())
/// ```
pub fn endpoint_cases<K>(
    scheme: &'static str,
    endpoints: Vec<K::Endpoint>,
    refused: &'static [&'static str],
) -> Vec<Case>
where
    K: EndpointKey<Endpoint: PartialEq>,
{
    let read_back = async move || {
        for endpoint in &endpoints {
            shown_is_read_back::<K>(scheme, endpoint);
        }
        Ok(())
    };
    let refuses = async move || {
        for text in refused {
            is_refused::<K>(text);
        }
        Ok(())
    };
    vec![
        Case::new("what_is_shown_is_read_back", run_in_place, read_back),
        Case::new("another_form_is_refused", run_in_place, refuses),
    ]
}

fn shown_is_read_back<K>(scheme: &str, endpoint: &K::Endpoint)
where
    K: EndpointKey<Endpoint: PartialEq>,
{
    let shown = Shown::<K>(endpoint).to_string();
    let address = match Address::of::<K>(scheme, endpoint) {
        Ok(address) => address,
        Err(error) => panic!("`{shown}` does not stand in an address: {error}"),
    };
    let text = address.to_string();
    let again: Address = text.parse().expect("an address that was printed is read");
    assert_eq!(
        again, address,
        "it is another address when it is read again"
    );
    let read = match K::read(&again) {
        Ok(read) => read,
        Err(error) => panic!("`{shown}` is shown and not read back: {error}"),
    };
    let read_shown = Shown::<K>(&read).to_string();
    assert_eq!(read_shown, shown, "it is another endpoint");
    assert!(
        read == *endpoint,
        "`{shown}` is read back as another endpoint: what makes the difference is not shown"
    );
}

fn is_refused<K: EndpointKey>(text: &str) {
    let address: Address = text.parse().expect("it is an address, of another form");
    let error = match K::read(&address) {
        Ok(read) => panic!("{text} is read as `{}`", Shown::<K>(&read)),
        Err(error) => error.to_string(),
    };
    assert!(
        error.contains(text),
        "it does not say which address: {error}"
    );
    let key = type_name::<K>();
    assert!(
        error.contains("expected"),
        "{key} does not say what it expects: {error}"
    );
}

/// Prints an endpoint as its key does.
pub(crate) struct Shown<'a, K: EndpointKey>(pub(crate) &'a K::Endpoint);

impl<K: EndpointKey> fmt::Display for Shown<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        K::show(self.0, f)
    }
}
