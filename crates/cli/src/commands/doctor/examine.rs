//! The examination itself.

use std::time::{Duration, Instant};

use tuyau::stack::Stack;
use tuyau_client::{RequestError, Session, Settings};
use tuyau_core::{Address, AnyFlow, ConnectError, Outcome, Target};
use tuyau_wire::{Identity, RejectCode, Role, SecretKey};

use super::{
    Instruments, advice,
    report::{Failure, Known, Report, Said, Step, Stopped},
};
use crate::commands::{flow_info::FlowInfo, transport::AGENT};

/// Goes through the steps until one fails.
pub(super) async fn examine(
    instruments: &Instruments,
    address: &str,
    expected: Option<Identity>,
) -> Report {
    let mut report = Report::new(address);
    let result = walk(instruments, address, expected, &mut report).await;
    report.finish(result)
}

async fn walk(
    instruments: &Instruments,
    address: &str,
    expected: Option<Identity>,
    report: &mut Report,
) -> Result<(), Stopped> {
    let address = parse(address, report)?;
    resolve(instruments, &address, report).await?;
    let flow = connect(instruments, &address, report).await?;
    let identity = check_key(&flow, expected, report)?;
    let session = hello(instruments, flow, identity, report).await?;
    let asked = request(&session, report).await;
    session.close().await;
    asked
}

fn parse(text: &str, report: &mut Report) -> Result<Address, Stopped> {
    let address = match text.parse::<Address>() {
        Ok(address) => address,
        Err(error) => {
            let failure = Failure {
                found: error.to_string(),
                expected: "an address such as tls://127.0.0.1:6000".to_owned(),
                remedy: "write the address that the router listens on".to_owned(),
            };
            return Err(report.fail(Step::Address, failure));
        }
    };
    if let Some(failure) = advice::address(&address) {
        return Err(report.fail(Step::Address, failure));
    }
    report.pass(Step::Address, &address);
    Ok(address)
}

async fn resolve(
    instruments: &Instruments,
    address: &Address,
    report: &mut Report,
) -> Result<(), Stopped> {
    let target = Target::from(address.clone());
    let connect = instruments.raw.context().connect(target);
    let plan = connect.deadline(instruments.deadline).plan().await;
    let endpoints = plan
        .attempts
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Planned));
    let endpoints: Vec<_> = endpoints
        .filter_map(|row| Some(row.endpoint.as_ref()?.to_string()))
        .collect();
    if endpoints.is_empty() {
        report.tried(&plan);
        return Err(report.fail(Step::Resolve, advice::resolve(address, &plan)));
    }
    report.pass(Step::Resolve, endpoints.join(", "));
    Ok(())
}

/// Connects, with TLS. The two are one attempt, and the report of it says how far it came.
async fn connect(
    instruments: &Instruments,
    address: &Address,
    report: &mut Report,
) -> Result<AnyFlow, Stopped> {
    let mut result = dial(&instruments.raw, address, instruments.deadline).await;
    if let Err(error) = &result
        && advice::wants_certificates(error)
    {
        result = dial(&instruments.x509, address, instruments.deadline).await;
    }
    match result {
        Ok(flow) => {
            let info = FlowInfo::of(&flow);
            match &info.peer {
                Some(peer) => report.pass(Step::Connect, peer),
                None => report.pass(Step::Connect, address),
            }
            match &info.key_form {
                Some(form) => report.pass(Step::Tls, format_args!("TLS 1.3, key as {form}")),
                None => report.pass(Step::Tls, "TLS 1.3"),
            }
            Ok(flow)
        }
        Err(error) => {
            let (step, failure) = advice::connect(address, &error, instruments.deadline);
            report.tried(error.report());
            if step != Step::Connect {
                report.pass(Step::Connect, address);
            }
            if step == Step::Key {
                report.pass(Step::Tls, "TLS 1.3");
            }
            Err(report.fail(step, failure))
        }
    }
}

async fn dial(
    stack: &Stack,
    address: &Address,
    deadline: Duration,
) -> Result<AnyFlow, ConnectError> {
    let target = Target::from(address.clone());
    let connect = stack.context().connect(target).deadline(deadline);
    connect.open().await.map(|connected| connected.flow)
}

fn check_key(
    flow: &AnyFlow,
    expected: Option<Identity>,
    report: &mut Report,
) -> Result<Identity, Stopped> {
    let Some(identity) = FlowInfo::of(flow).identity else {
        return Err(report.fail(Step::Key, advice::no_key()));
    };
    report.peer = Some(Known {
        identity: identity.to_string(),
        hello: None,
        round_trip_ms: None,
    });
    match expected {
        Some(expected) if expected != identity => {
            Err(report.fail(Step::Key, advice::wrong_key(&expected, &identity)))
        }
        Some(_) => {
            report.pass(Step::Key, format_args!("{identity}, as expected"));
            Ok(identity)
        }
        None => {
            let note = "nobody said whom to expect: compare it with the router's identity.pub";
            report.pass(Step::Key, format_args!("{identity} ({note})"));
            Ok(identity)
        }
    }
}

async fn hello(
    instruments: &Instruments,
    flow: AnyFlow,
    identity: Identity,
    report: &mut Report,
) -> Result<Session, Stopped> {
    let settings = Settings::new(instruments.key.clone()).agent(AGENT);
    let settings = settings.expect("the name of this program is an agent");
    let settings = settings
        .handshake_deadline(instruments.deadline)
        .request_deadline(instruments.deadline);
    let session = match Session::over(flow, identity, &settings).await {
        Ok(session) => session,
        Err(error) => return Err(report.fail(Step::Hello, advice::hello(&error))),
    };
    let peer = session.peer();
    let role = match peer.hello.role() {
        Role::Router => "router",
        _ => "service",
    };
    let (agent, version) = (peer.hello.agent().to_owned(), peer.agreement.version);
    let found = format!("{role} {agent}, version {version} of the protocol");
    if let Some(known) = &mut report.peer {
        known.hello = Some(Said {
            role,
            agent,
            version,
        });
    }
    report.pass(Step::Hello, found);
    Ok(session)
}

/// Sends nothing to somebody who does not exist, which a router that works refuses at once.
async fn request(session: &Session, report: &mut Report) -> Result<(), Stopped> {
    let Ok(nobody) = SecretKey::generate() else {
        report.pass(Step::Request, "not made: no random numbers for it");
        return Ok(());
    };
    let begin = Instant::now();
    let answer = session.send(nobody.identity(), Vec::new()).await;
    let took = begin.elapsed();
    let found = match &answer {
        Err(RequestError::Rejected(rejection)) if rejection.code == RejectCode::Unreachable => {
            "answered".to_owned()
        }
        Err(RequestError::Rejected(rejection)) => format!("answered ({rejection})"),
        Ok(()) => "accepted".to_owned(),
        Err(error) => return Err(report.fail(Step::Request, advice::request(error))),
    };
    let millis = took.as_secs_f64() * 1e3;
    if let Some(known) = &mut report.peer {
        known.round_trip_ms = Some((millis * 1e3).round() / 1e3);
    }
    report.pass(Step::Request, format_args!("{found} within {millis:.1} ms"));
    Ok(())
}
