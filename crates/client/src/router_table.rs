//! A router's table as a resolver: an identity is the name, and where it is registered the answer.

mod newest;

use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use tokio::sync::{Mutex, watch};
use tuyau_core::{Address, Answers, BoxError, Context, EndpointKey, Resolver, Target};
use tuyau_wire::{Identity, Record, Verified};

use crate::{
    LookupError, OpenError, RequestError, Session, Settings, sequence::since_1970,
    session::expected,
};
use newest::Newest;

/// Resolves identities by asking a router where they are registered.
///
/// The name is the text of an identity, as in `Target::name("tuyau1…")`; other names are left to other
/// resolvers. The router's answer is believed for the signature on it alone. Each route in it becomes a
/// target of its own, with [`ExpectedPeer`](tuyau::tls::ExpectedPeer) set to the identity beside all that
/// the target said already, and `routes`, the resolver of these targets, makes endpoints of them. Where
/// `routes` has a key with TLS, whoever answers at a route has to prove to be the one that was asked for,
/// and neither router nor network need be trusted; ask for `at_least(Security::Authenticated)` where it
/// may have others.
///
/// Of an identity's records the one with the greatest sequence that this table has seen counts until it
/// expires, whatever the router gives later; 1,024 identities are remembered. A route that `routes` has
/// nothing to say about stands in the report, with its scheme.
///
/// ```no_run
/// use tuyau::{tcp::{SystemResolver, Tcp}, tls, tokio::TokioTimer};
/// use tuyau_client::{RouterTable, Session, tls_settings};
/// use tuyau_core::{Key, ProtocolExt as _, Registry, ResolverExt as _, Security, Target};
///
/// # async fn run(
/// #     session: Session,
/// #     key: tuyau_wire::SecretKey,
/// #     other: tuyau_wire::Identity,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let connector = tls_settings(&key)?.connector()?;
/// let routes = SystemResolver.configure::<tls::TlsKey, _>(tls::Peer::of).for_scheme("tls");
/// let mut registry = Registry::new();
/// registry.protocol(Key::new(), Tcp::new().layer(connector));
/// registry.resolver(Key::new(), 0, RouterTable::over(session, routes));
/// let context = registry.freeze(TokioTimer::new());
///
/// let target = Target::name(&other.to_string());
/// let connect = context.connect(target).at_least(Security::Authenticated);
/// let flow = connect.open().await?.flow;
/// # Ok(())
/// # }
/// ```
pub struct RouterTable<R> {
    router: Router,
    routes: Arc<R>,
    newest: Arc<Newest>,
}

impl<R: Resolver> RouterTable<R> {
    /// Asks the router at the other end of a session.
    pub fn over(session: Session, routes: R) -> Self {
        Self::new(Router::Session(session), routes)
    }

    /// Asks the router at `address` that proves to be `router`. It is connected to when it is first
    /// asked, and anew when it was lost.
    pub fn at(
        context: Context,
        address: Address,
        router: Identity,
        settings: Settings,
        routes: R,
    ) -> Self {
        let dial = Dial {
            context,
            address,
            router,
            settings,
            session: Mutex::new(None),
        };
        Self::new(Router::Dial(Arc::new(dial)), routes)
    }

    /// Asks the router that a service is connected to at that time.
    pub(crate) fn watching(session: watch::Receiver<Option<Session>>, routes: R) -> Self {
        Self::new(Router::Service(session), routes)
    }

    fn new(router: Router, routes: R) -> Self {
        Self {
            router,
            routes: Arc::new(routes),
            newest: Arc::default(),
        }
    }
}

impl<R: Resolver> Resolver for RouterTable<R> {
    type Key = R::Key;

    fn name(&self) -> &str {
        "router"
    }

    fn takes(&self, scheme: &str) -> bool {
        self.routes.takes(scheme)
    }

    fn resolve(&self, target: &Target) -> Option<Answers<<R::Key as EndpointKey>::Endpoint>> {
        let identity: Identity = target.host()?.parse().ok()?;
        let (router, routes) = (self.router.clone(), self.routes.clone());
        let newest = self.newest.clone();
        let asked_for = target.clone();
        let asking = async move {
            let record = router.record_of(identity).await?;
            Ok(newest.routes(&record, since_1970().as_secs()))
        };
        let mut finding = Finding {
            asking: Some(Box::pin(asking)),
            answers: VecDeque::new(),
        };
        Some(Answers::from_fn(move |cx| {
            finding.poll_next(cx, |route| {
                if !routes.takes(route.scheme()) {
                    return unknown(route);
                }
                let target = asked_for.clone().at(route.clone());
                let target = target.with(expected(&identity));
                routes.resolve(&target).unwrap_or_else(|| unknown(route))
            })
        }))
    }
}

impl<R> fmt::Debug for RouterTable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RouterTable").field(&self.router).finish()
    }
}

/// The answer about a route that nothing here resolves.
fn unknown<E: Send + 'static>(route: Address) -> Answers<E> {
    let error = RouterTableError::NoResolver { route };
    Answers::one(Err(error.into()))
}

/// Which router is asked.
#[derive(Clone)]
enum Router {
    Session(Session),
    Dial(Arc<Dial>),
    Service(watch::Receiver<Option<Session>>),
}

/// How a router is connected to, and the session with it once it is.
struct Dial {
    context: Context,
    address: Address,
    router: Identity,
    settings: Settings,
    session: Mutex<Option<Session>>,
}

impl Router {
    async fn record_of(&self, identity: Identity) -> Result<Verified<Record>, RouterTableError> {
        let session = match self {
            Self::Session(session) => session.clone(),
            Self::Dial(dial) => return dial.record_of(identity).await,
            Self::Service(session) => {
                let session = session.borrow().clone();
                session.ok_or(RouterTableError::NoSession)?
            }
        };
        record_of(&session, identity).await
    }
}

async fn record_of(
    session: &Session,
    identity: Identity,
) -> Result<Verified<Record>, RouterTableError> {
    let record = session.lookup(identity).await;
    record.map_err(RouterTableError::Lookup)
}

impl Dial {
    async fn record_of(&self, identity: Identity) -> Result<Verified<Record>, RouterTableError> {
        let (session, is_new) = self.session().await?;
        match record_of(&session, identity).await {
            // That a session has ended may show only when it is used.
            Err(RouterTableError::Lookup(LookupError::Request(RequestError::Lost(_))))
                if !is_new =>
            {
                let (session, _) = self.session().await?;
                record_of(&session, identity).await
            }
            result => result,
        }
    }

    /// The session, and whether it has just begun.
    async fn session(&self) -> Result<(Session, bool), RouterTableError> {
        let mut known = self.session.lock().await;
        if let Some(session) = known.as_ref().filter(|session| !session.has_ended()) {
            return Ok((session.clone(), false));
        }
        let opening = Session::connect(&self.context, &self.address, self.router, &self.settings);
        let session = opening.await.map_err(RouterTableError::Open)?;
        *known = Some(session.clone());
        Ok((session, true))
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(session) => session.fmt(f),
            Self::Dial(dial) => write!(f, "{} at {}", dial.router, dial.address),
            Self::Service(_) => f.write_str("the router of a service"),
        }
    }
}

type Asking = Pin<Box<dyn Future<Output = Result<Vec<Address>, RouterTableError>> + Send>>;

/// A question on its way, and then the resolving of each route.
struct Finding<E> {
    asking: Option<Asking>,
    /// Best first.
    answers: VecDeque<Answers<E>>,
}

impl<E: Send + 'static> Finding<E> {
    fn poll_next(
        &mut self,
        cx: &mut TaskContext<'_>,
        resolve: impl Fn(Address) -> Answers<E>,
    ) -> Poll<Option<Result<E, BoxError>>> {
        if let Some(asking) = &mut self.asking {
            let Poll::Ready(result) = asking.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.asking = None;
            match result {
                Ok(routes) => self.answers = routes.into_iter().map(resolve).collect(),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
        // A name that is slow to resolve does not keep routes of other names.
        let mut at = 0;
        while let Some(answers) = self.answers.get_mut(at) {
            match answers.poll_next(cx) {
                Poll::Ready(Some(answer)) => return Poll::Ready(Some(answer)),
                Poll::Ready(None) => drop(self.answers.remove(at)),
                Poll::Pending => at += 1,
            }
        }
        match self.answers.is_empty() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }
}

/// Why a router's table gave no route of an identity.
#[derive(Debug)]
#[non_exhaustive]
pub enum RouterTableError {
    /// The service has no session with its router at present.
    NoSession,
    /// There is no session with the router.
    Open(OpenError),
    /// The router gave no record that is to be believed.
    Lookup(LookupError),
    /// The resolver that the table was given has nothing to say about a route.
    NoResolver {
        /// That route.
        route: Address,
    },
}

impl fmt::Display for RouterTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSession => {
                f.write_str("there is no session with the router at present; try again later")
            }
            Self::Open(error) => error.fmt(f),
            Self::Lookup(error) => error.fmt(f),
            Self::NoResolver { route } => {
                let scheme = route.scheme();
                write!(
                    f,
                    "the route {route} is left out: nothing here resolves {scheme}://; add a resolver \
                     and a protocol for it, or let the service register a route of another scheme"
                )
            }
        }
    }
}

impl Error for RouterTableError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoSession | Self::NoResolver { .. } => None,
            Self::Open(error) => error.source(),
            Self::Lookup(error) => error.source(),
        }
    }
}
