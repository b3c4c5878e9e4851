//! What a router dials with, and where it listens.

use tokio::time::Instant;
use tuyau::{
    stack::Stack,
    tls::{self, CertificateForm},
};
use tuyau_core::{
    Address, AnyFlow, AnyListener, ConnectError, Context, FlowError, LayeredError, Outcome,
    Security, Target,
};
use tuyau_wire::Identity;

use crate::{Settings, StartError};

/// What a router dials with, and where it listens.
///
/// A router makes its own from its settings: the stacks of [`tuyau::stack`], and their listeners at
/// [`Settings::listen`]. A program that brings another one, such as a simulation of a network, must
/// see to it that each flow is one of an identity that was proved:
///
/// - a flow that a listener gives has the information [`tls::PeerKey`]; one without it is refused;
/// - a protocol of the context is [authenticated](tuyau_core::Security::Authenticated), and connects
///   to nobody but the [`tls::ExpectedPeer`] of its target.
#[derive(Debug)]
pub struct Network {
    /// What dials the routes of services.
    pub context: Context,
    /// Where connections are accepted.
    pub listeners: Vec<AnyListener>,
}

impl Network {
    /// Where connections are accepted, and what dials, by these settings: what they bring, or else the
    /// stacks.
    pub(crate) async fn open(
        settings: &mut Settings,
    ) -> Result<(Vec<AnyListener>, Dialling), StartError> {
        if let Some(Self { context, listeners }) = settings.network.take() {
            let certificates = None;
            return Ok((
                listeners,
                Dialling {
                    context,
                    certificates,
                },
            ));
        }
        let stack = stack(settings, CertificateForm::RawKey)?;
        let mut listeners = Vec::new();
        for address in &settings.listen {
            listeners.push(stack.listen(address).await.map_err(StartError::Listen)?);
        }
        // Under an authority it is certificates that are dialled with anyway.
        let certificates = match settings.authority {
            Some(_) => None,
            None => Some(self::stack(settings, CertificateForm::X509)?),
        };
        let dialling = Dialling {
            context: stack.context().clone(),
            certificates: certificates.map(|stack| stack.context().clone()),
        };
        Ok((listeners, dialling))
    }
}

fn stack(settings: &Settings, form: CertificateForm) -> Result<Stack, StartError> {
    let key = tls::KeyPair::from_pkcs8_der(&settings.secret.to_pkcs8_der());
    let key = key.map_err(|error| StartError::Tls(error.into()))?;
    let mut tls = tls::Settings::new(key).form(form);
    if let Some(authority) = settings.authority.clone() {
        tls = tls.authority(authority);
    }
    Stack::with_settings(tls, settings.hub.clone()).map_err(|error| StartError::Tls(error.into()))
}

/// What routes are dialled with.
#[derive(Clone, Debug)]
pub(crate) struct Dialling {
    pub(crate) context: Context,
    /// The same with keys in certificates, for services whose TLS takes no raw keys.
    pub(crate) certificates: Option<Context>,
}

impl Dialling {
    /// Connects to a route by a deadline, at whose end this identity has to be.
    pub(crate) async fn connect(
        &self,
        identity: Identity,
        route: &Address,
        deadline: Instant,
    ) -> Result<AnyFlow, ConnectError> {
        let failed = match open(&self.context, identity, route, deadline).await {
            Ok(flow) => return Ok(flow),
            Err(error) => error,
        };
        match &self.certificates {
            Some(context) if wants_certificates(&failed) => {
                open(context, identity, route, deadline).await
            }
            _ => Err(failed),
        }
    }
}

async fn open(
    context: &Context,
    identity: Identity,
    route: &Address,
    deadline: Instant,
) -> Result<AnyFlow, ConnectError> {
    let expected = tls::ExpectedPeer(tls::PublicKey(*identity.as_bytes()));
    let target = Target::from(route.clone()).with(expected);
    let connect = context.connect(target).at_least(Security::Authenticated);
    let left = deadline.saturating_duration_since(Instant::now());
    Ok(connect.deadline(left).open().await?.flow)
}

/// Whether an attempt came to somebody who does not take a raw key.
fn wants_certificates(error: &ConnectError) -> bool {
    let mut attempts = error.report().attempts.iter();
    attempts.any(|attempt| {
        let Outcome::Failed(cause) = &attempt.outcome else {
            return false;
        };
        match cause.downcast_ref::<LayeredError<FlowError, tls::Error>>() {
            Some(LayeredError::Layer(error)) => error.may_want_other_form(),
            _ => false,
        }
    })
}
