//! The first message of each side.

use tuyau_wire::{
    Hello, MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY, MAX_PARAMETERS, MAX_VERSIONS, Message,
    Parameter, Role, capability,
};

use super::{Vector, vector};
use crate::support::{
    Expect,
    build::{array, map, text, uint},
};

pub fn vectors() -> Vec<Vector> {
    let plain = Hello::new(Role::Service, "tuyau/0.1.0").unwrap();
    let service = plain
        .clone()
        .with_parameter(Parameter::Epoch, 1_800_000_000_000)
        .and_then(|hello| hello.with_parameter(Parameter::Unacknowledged, 16))
        .unwrap();
    let router = Hello::new(Role::Router, "tuyau/0.1.0")
        .and_then(|hello| hello.with_capability(capability::LOOKUP))
        .and_then(|hello| hello.with_capability(capability::DURABLE))
        .and_then(|hello| hello.with_max_frame(65_536))
        .and_then(|hello| hello.with_parameter(Parameter::Credit, 1 << 20))
        .unwrap();
    let every = Parameter::ALL
        .into_iter()
        .fold(plain.clone(), |hello, parameter| {
            let value = parameter.default_value() + 1;
            hello.with_parameter(parameter, value).unwrap()
        });
    vec![
        vector(
            "hello-plain",
            "a service with no capability and no parameter",
            &Message::Hello(plain),
        ),
        vector(
            "hello-service",
            "a service with an epoch",
            &Message::Hello(service),
        ),
        vector(
            "hello-router",
            "a router with capabilities, sorted",
            &Message::Hello(router),
        ),
        vector(
            "hello-parameters",
            "every parameter that there is",
            &Message::Hello(every),
        ),
        largest(),
    ]
}

/// Every list and text at its bound; it has parameters and versions of the future, so it is put
/// together by hand.
fn largest() -> Vector {
    let most = MAX_PARAMETERS as u64;
    let last = |count: u64| (0..count).map(move |index| u64::MAX - count + 1 + index);
    let versions: Vec<_> = last(MAX_VERSIONS as u64).map(uint).collect();
    let capabilities: Vec<_> = (0..MAX_CAPABILITIES)
        .map(|number| text(&format!("{number:02}{}", "x".repeat(MAX_CAPABILITY - 2))))
        .collect();
    let parameters: Vec<_> = last(most)
        .map(|number| (uint(number), uint(u64::MAX)))
        .collect();
    Vector {
        folder: "message",
        name: "hello-largest".into(),
        title: "hello: every list and text at its bound".into(),
        expect: Expect::Valid,
        bytes: array(&[
            uint(0),
            array(&versions),
            array(&capabilities),
            uint(1),
            text(&"~".repeat(MAX_AGENT)),
            uint(u64::MAX),
            map(&parameters),
        ]),
    }
}
