//! A service that stays registered, whatever happens to its router.

mod answer;
mod error;
mod event;
mod inbound;
mod link;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use tuyau::stack::Stack;
use tuyau_core::{Address, AnyListener, Listener as _, Resolver};
use tuyau_wire::MAX_ROUTES;

use crate::{Delivery, Pauses, RouterIdentity, RouterTable, Session, Settings};
use link::Link;

pub use error::{InboundError, LinkError, ServiceError};
pub use event::{ServiceEvent, Via};

/// The lifetime of a registration unless set otherwise.
pub const LIFETIME: Duration = Duration::from_secs(3_600);

/// How long a registration has to last for the pauses between attempts to begin again with the
/// first one, unless set otherwise. A router that takes registrations and falls over shortly after
/// is not to be called every 200 ms.
pub const STABLE: Duration = Duration::from_secs(10);

/// A service that connects to its router, registers its routes, stays registered, and answers what
/// it gets.
///
/// A lost router is tried again without end, after pauses that grow. Messages come over the
/// connection that the service opened, or over one that the router opened to a route of the
/// service; the answer goes back the way the message came.
///
/// ```no_run
/// # async fn run(
/// #     stack: tuyau::stack::Stack,
/// #     key: tuyau_wire::SecretKey,
/// #     router: tuyau_wire::Identity,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use tuyau_client::{Service, Settings};
///
/// Service::new(stack, Settings::new(key), "tls://127.0.0.1:6000".parse()?, router)
///     .listen("tls://127.0.0.1:6001".parse()?)
///     .answer(|delivery| Some(delivery.body.to_vec()))
///     .run(std::future::pending())
///     .await?;
/// # Ok(())
/// # }
/// ```
pub struct Service {
    stack: Stack,
    settings: Settings,
    router: Address,
    identity: RouterIdentity,
    listen: Option<Address>,
    advertise: Option<Vec<Address>>,
    lifetime: Duration,
    pauses: Pauses,
    stable: Duration,
    answer: Answer,
    events: Events,
    /// The session with the router while there is one, for [`RouterTable`].
    session: watch::Sender<Option<Session>>,
}

type Answer = Arc<dyn Fn(&Delivery) -> Option<Vec<u8>> + Send + Sync>;
type Events = Arc<dyn Fn(ServiceEvent) + Send + Sync>;

impl Service {
    /// A service of the router at `router` that proves to be `identity`. The stack's key is that of
    /// the settings.
    pub fn new(
        stack: Stack,
        settings: Settings,
        router: Address,
        identity: impl Into<RouterIdentity>,
    ) -> Self {
        Self {
            stack,
            settings,
            router,
            identity: identity.into(),
            listen: None,
            advertise: None,
            lifetime: LIFETIME,
            pauses: Pauses::default(),
            stable: STABLE,
            answer: Arc::new(|_| None),
            events: Arc::new(drop),
            session: watch::Sender::new(None),
        }
    }

    /// Accepts connections of the router at this address.
    pub fn listen(mut self, address: Address) -> Self {
        self.listen = Some(address);
        self
    }

    /// Sets the routes to register, best first, one to eight. Unless set, it is the address that
    /// the service is bound to.
    pub fn advertise(mut self, routes: Vec<Address>) -> Self {
        self.advertise = Some(routes);
        self
    }

    /// Sets the lifetime of a registration, at least one second; it is renewed after half of it. A
    /// router refuses one that is longer than it allows.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.max(Duration::from_secs(1));
        self
    }

    /// Sets the pauses between attempts to reach the router.
    pub fn pauses(mut self, pauses: Pauses) -> Self {
        self.pauses = pauses;
        self
    }

    /// Sets how long a registration has to last for the pauses to begin again with the first one.
    pub fn stable(mut self, stable: Duration) -> Self {
        self.stable = stable;
        self
    }

    /// Sets what is answered to a message; without it, and where it gives `None`, nothing is.
    ///
    /// The function runs on the task that takes deliveries, and must not block.
    pub fn answer(
        mut self,
        answer: impl Fn(&Delivery) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// Sets what is told about everything that happens. The function must not block.
    pub fn events(mut self, report: impl Fn(ServiceEvent) + Send + Sync + 'static) -> Self {
        self.events = Arc::new(report);
        self
    }

    /// A resolver of identities by the table of the router that this service is connected to, while it
    /// runs; `routes` makes endpoints of what is registered. It goes into a context of one's own.
    pub fn router_table<R: Resolver>(&self, routes: R) -> RouterTable<R> {
        RouterTable::watching(self.session.subscribe(), routes)
    }

    /// Runs until `stop` is ready, then takes the registration back, for which it has five seconds.
    ///
    /// # Errors
    /// When the service cannot begin: it cannot listen, or it has no route to register. Afterwards
    /// there are only events.
    ///
    /// # Cancel safety
    /// Dropping the future ends everything at once and leaves the registration to expire.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let listener = self.bind().await?;
        let routes = self.routes(listener.as_ref().map(|listener| listener.address()))?;
        let service = Arc::new(self);
        let mut inbound = JoinSet::new();
        let (open, closing) = watch::channel(());
        if let Some(listener) = listener {
            let address = listener.address().clone();
            service.report(ServiceEvent::Listening { address });
            inbound.spawn(inbound::accept(service.clone(), listener, closing));
        }
        let mut link = Link::new(service.clone(), routes);
        tokio::select! {
            never = link.run() => match never {},
            () = stop => {}
        }
        link.withdraw().await;
        drop(open);
        while inbound.join_next().await.is_some() {}
        service.report(ServiceEvent::Stopped);
        Ok(())
    }

    async fn bind(&self) -> Result<Option<AnyListener>, ServiceError> {
        let Some(address) = &self.listen else {
            return Ok(None);
        };
        match self.stack.listen(address).await {
            Ok(listener) => Ok(Some(listener)),
            Err(error) => Err(ServiceError::Listen {
                address: address.clone(),
                error,
            }),
        }
    }

    fn routes(&self, bound: Option<&Address>) -> Result<Vec<Address>, ServiceError> {
        match (&self.advertise, bound) {
            (Some(routes), _) if routes.len() > MAX_ROUTES => Err(ServiceError::TooManyRoutes {
                found: routes.len(),
            }),
            (Some(routes), _) if !routes.is_empty() => Ok(routes.clone()),
            (None, Some(bound)) if is_wildcard(bound) => Err(ServiceError::Wildcard {
                address: bound.clone(),
            }),
            (None, Some(bound)) => Ok(vec![bound.clone()]),
            _ => Err(ServiceError::NoRoute),
        }
    }

    fn report(&self, event: ServiceEvent) {
        (self.events)(event);
    }
}

/// Whether the address stands for every interface of the machine, which nobody can connect to.
fn is_wildcard(address: &Address) -> bool {
    address.ip().is_some_and(|ip| ip.is_unspecified())
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("settings", &self.settings)
            .field("router", &self.router)
            .field("identity", &self.identity)
            .field("listen", &self.listen)
            .field("advertise", &self.advertise)
            .finish_non_exhaustive()
    }
}
