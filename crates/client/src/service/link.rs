//! The connection that a service opens to its router, and opens again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use tuyau_core::Address;

use super::{LinkError, Service, ServiceEvent, Via, answer};
use crate::{FileErrorKind, Notice, RequestError, Session, pauses::Backoff};

/// The time for taking the registration back and closing.
const WITHDRAWAL: Duration = Duration::from_secs(5);

/// The longest pause while the router's identity file is missing: looking for a file costs nothing,
/// and who starts the router later does not want to wait.
const FILE_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Link {
    service: Arc<Service>,
    routes: Vec<Address>,
    backoff: Backoff,
    session: Option<Session>,
    /// When the router first accepted a registration over the present session.
    registered: Option<Instant>,
    /// Whether there may be a registration to take back.
    to_withdraw: bool,
    /// The file error that was reported last, which is not reported again for each look.
    reported: Option<FileErrorKind>,
}

impl Link {
    pub(super) fn new(service: Arc<Service>, routes: Vec<Address>) -> Self {
        let backoff = Backoff::new(service.pauses.clone());
        Self {
            service,
            routes,
            backoff,
            session: None,
            registered: None,
            to_withdraw: false,
            reported: None,
        }
    }

    /// Stays connected and registered for as long as it is polled.
    pub(super) async fn run(&mut self) -> Infallible {
        loop {
            let reason = match self.connect().await {
                Ok(session) => self.hold(&session).await,
                Err(reason) => reason,
            };
            self.session = None;
            self.service.session.send_replace(None);
            let pause = self.pause(&reason);
            self.report_lost(reason, pause);
            sleep(pause).await;
        }
    }

    async fn connect(&mut self) -> Result<Session, LinkError> {
        let service = &self.service;
        let identity = service.identity.current().map_err(LinkError::Identity)?;
        let router = service.router.clone();
        service.report(ServiceEvent::Connecting {
            router: router.clone(),
            identity,
        });
        let context = service.stack.context();
        let session = Session::connect(context, &router, identity, &service.settings).await;
        let session = session.map_err(LinkError::Open)?;
        let peer = Box::new(session.peer().clone());
        service.report(ServiceEvent::Connected { router, peer });
        self.session = Some(session.clone());
        service.session.send_replace(Some(session.clone()));
        Ok(session)
    }

    /// Keeps the registration alive and answers deliveries until the session is lost.
    async fn hold(&mut self, session: &Session) -> LinkError {
        self.registered = None;
        let service = self.service.clone();
        tokio::select! {
            reason = self.keep_registered(session) => reason,
            () = answer::serve(&service, session, Via::Session) => {
                LinkError::Session(session.ended().await)
            }
        }
    }

    async fn keep_registered(&mut self, session: &Session) -> LinkError {
        let mut backoff = Backoff::new(self.service.pauses.clone());
        loop {
            let lifetime = self.service.lifetime;
            self.to_withdraw = true;
            match session.register(self.routes.clone(), lifetime).await {
                Ok(receipt) => {
                    let renewal = self.registered.is_some();
                    self.registered.get_or_insert_with(Instant::now);
                    backoff.reset();
                    self.service.report(ServiceEvent::Registered {
                        router: self.service.router.clone(),
                        peer: session.peer().identity,
                        identity: self.service.settings.key.identity(),
                        routes: self.routes.clone(),
                        receipt,
                        renewal,
                    });
                    tokio::select! {
                        () = sleep(lifetime / 2) => {}
                        // Registering anew tells why not, until the router lets it.
                        () = unregistered(session) => {}
                    }
                }
                Err(RequestError::Rejected(rejection)) => {
                    let retry_in = backoff.next();
                    self.service.report(ServiceEvent::Refused {
                        rejection,
                        retry_in,
                    });
                    sleep(retry_in).await;
                }
                Err(RequestError::Lost(error)) => return LinkError::Session(error),
                Err(error) => return LinkError::Request(error),
            }
        }
    }

    fn pause(&mut self, reason: &LinkError) -> Duration {
        if matches!(reason, LinkError::Identity(_)) {
            return self.backoff.short(FILE_PAUSE);
        }
        let registered = self.registered.take();
        if registered.is_some_and(|since| since.elapsed() >= self.service.stable) {
            self.backoff.reset();
        }
        self.backoff.next()
    }

    fn report_lost(&mut self, reason: LinkError, retry_in: Duration) {
        let kind = match &reason {
            LinkError::Identity(error) => Some(error.kind()),
            _ => None,
        };
        if kind.is_none() || kind != self.reported {
            self.service.report(ServiceEvent::Lost { reason, retry_in });
        }
        self.reported = kind;
    }

    /// Takes the registration back, over a new connection when there is none, and closes.
    pub(super) async fn withdraw(&mut self) {
        self.service.session.send_replace(None);
        if !self.to_withdraw {
            if let Some(session) = self.session.take() {
                session.close().await;
            }
            return;
        }
        let result = match timeout(WITHDRAWAL, self.try_withdraw()).await {
            Ok(result) => result,
            Err(_) => Err(LinkError::TimedOut(WITHDRAWAL)),
        };
        self.service.report(match result {
            Ok(()) => ServiceEvent::Withdrawn,
            Err(reason) => ServiceEvent::WithdrawalFailed { reason },
        });
    }

    async fn try_withdraw(&mut self) -> Result<(), LinkError> {
        if let Some(session) = self.session.take() {
            match session.unregister().await {
                Err(RequestError::Lost(_)) => {}
                result => {
                    session.close().await;
                    return result.map(drop).map_err(LinkError::Request);
                }
            }
        }
        let session = self.connect().await?;
        let result = session.unregister().await;
        session.close().await;
        result.map(drop).map_err(LinkError::Request)
    }
}

/// Waits until the router takes the registration back; for ever when the session is lost before.
async fn unregistered(session: &Session) {
    while let Some(notice) = session.notice().await {
        if matches!(notice, Notice::Unregistered { .. }) {
            return;
        }
    }
    std::future::pending().await
}
