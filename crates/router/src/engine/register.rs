//! Listen and unlisten: what an identity says about its routes.

mod route;

use std::mem;

use tuyau_wire::{Record, RejectCode, SignatureError, Signed, Withdrawal};

use super::{Action, Engine, Link, SessionId, bind::Reason};
use crate::{
    Timestamp,
    journal::Event,
    kept::Kept,
    table::{Refusal, Source},
};

impl Engine {
    pub(super) fn listen(
        &mut self,
        session: SessionId,
        sequence: u64,
        record: Signed<Record>,
        now: Timestamp,
    ) {
        let identity = record.claims().identity;
        match self.register(session, record, now) {
            Ok(greet) => {
                if let Some(state) = self.sessions.get_mut(session) {
                    state.registered = Some(sequence);
                    state.to_greet |= greet;
                }
                self.accept_kept(session, sequence, Kept::Claim(identity));
            }
            Err((code, text)) => self.reject(session, sequence, code, &text),
        }
    }

    /// What a session changed is kept, and it was told so. A route that it registered is greeted now.
    pub(crate) fn kept(&mut self, session: SessionId, now: Timestamp) {
        let state = self.sessions.get_mut(session);
        if state.is_some_and(|state| mem::take(&mut state.to_greet)) {
            self.greet_route(session, now);
        }
    }

    /// Takes a registration, and gives whether its route is to be greeted.
    fn register(
        &mut self,
        id: SessionId,
        record: Signed<Record>,
        now: Timestamp,
    ) -> Result<bool, Reason> {
        let Some(session) = self.sessions.get(id) else {
            return Err((RejectCode::Internal, "the session is closed".into()));
        };
        let claims = record.claims();
        check_identity(session.peer, claims.identity)?;
        check_expiry(claims.expires, now, self.rules.max_lifetime.as_secs())?;
        for address in &claims.routes {
            route::check(address, &session.link).map_err(|why| {
                (
                    RejectCode::RouteNotAllowed,
                    format!("route {address} is not allowed: {why}"),
                )
            })?;
        }
        let (identity, sequence) = (claims.identity, claims.sequence);
        let routes = claims.routes.clone();
        let (simulated, first) = (
            session.link == Link::Simulated,
            session.registered.is_none(),
        );
        let source = if simulated {
            Source::Simulated
        } else {
            Source::Registered
        };
        let record = record.verify().map_err(|error| bad_signature(&error))?;
        let changed = self
            .state
            .table
            .register(record, source, now, self.rules.max_entries)
            .map_err(|refusal| refused(&refusal, sequence))?;
        if self.session_for(&identity).is_none() && self.rules.keeps {
            // What failed before says nothing about what it registers now.
            self.away.forget(&identity);
            self.dials.forget_failure(&identity);
            self.actions.push(Action::Recall { identity });
        }
        self.tell(Event::Registered {
            identity,
            routes,
            sequence,
        });
        Ok(!simulated && (first || changed))
    }

    pub(super) fn unlisten(
        &mut self,
        session: SessionId,
        sequence: u64,
        withdrawal: Signed<Withdrawal>,
    ) {
        let kept = Kept::Claim(withdrawal.claims().identity);
        match self.withdraw(session, withdrawal) {
            Ok(()) => self.accept_kept(session, sequence, kept),
            Err((code, text)) => self.reject(session, sequence, code, &text),
        }
    }

    fn withdraw(&mut self, id: SessionId, withdrawal: Signed<Withdrawal>) -> Result<(), Reason> {
        let Some(session) = self.sessions.get(id) else {
            return Err((RejectCode::Internal, "the session is closed".into()));
        };
        let claims = withdrawal.claims();
        check_identity(session.peer, claims.identity)?;
        let (identity, sequence) = (claims.identity, claims.sequence);
        let withdrawal = withdrawal.verify().map_err(|error| bad_signature(&error))?;
        let removed = self
            .state
            .table
            .withdraw(&withdrawal)
            .map_err(|refusal| refused(&refusal, sequence))?;
        if removed {
            self.tell(Event::Withdrawn { identity });
        }
        Ok(())
    }
}

fn check_identity(
    proved: tuyau_wire::Identity,
    claimed: tuyau_wire::Identity,
) -> Result<(), Reason> {
    if proved == claimed {
        return Ok(());
    }
    let text = format!(
        "the statement is about {claimed}, but this session proved the key of {proved}; \
         connect with the key that the statement is about"
    );
    Err((RejectCode::WrongIdentity, text))
}

fn check_expiry(expires: u64, now: Timestamp, max_lifetime: u64) -> Result<(), Reason> {
    let now = now.seconds();
    if expires <= now {
        let ago = now - expires;
        let text = format!(
            "expected an expiry in the future, found one {ago} s ago by the router's clock; \
             check both clocks"
        );
        return Err((RejectCode::Expired, text));
    }
    if expires - now > max_lifetime {
        let text = format!(
            "expected a lifetime of at most {max_lifetime} s, found {} s; \
             choose a shorter one and register again in time",
            expires - now
        );
        return Err((RejectCode::Expired, text));
    }
    Ok(())
}

fn bad_signature(error: &SignatureError) -> Reason {
    let text = format!("{error}; sign it with that identity's key, and send the bytes as signed");
    (RejectCode::BadSignature, text)
}

fn refused(refusal: &Refusal, sequence: u64) -> Reason {
    match refusal {
        Refusal::Stale { known } => {
            let text = format!(
                "expected a sequence number greater than {known}, found {sequence}; sign the statement anew with a greater one"
            );
            (RejectCode::StaleSequence, text)
        }
        Refusal::Full => {
            let text = "the routing table is full (limits.routes); try again later".into();
            (RejectCode::Limit, text)
        }
    }
}
