//! Taking deliveries and answering them.

use tokio::task::JoinSet;
use tuyau_wire::Identity;

use super::{Service, ServiceEvent, Via};
use crate::{Receipt, RequestError, Session};

/// How many answers may wait for the router to accept them. Until one is accepted no further
/// delivery is taken, and the router sees that this service is slow.
const ANSWERS_MAX: usize = 64;

type Answered = (Identity, Result<Receipt, RequestError>);

/// Answers the deliveries of a session until it ends.
pub(super) async fn serve(service: &Service, session: &Session, via: Via) {
    let mut answers: JoinSet<Answered> = JoinSet::new();
    loop {
        tokio::select! {
            next = session.next(), if answers.len() < ANSWERS_MAX => {
                let Some(delivery) = next else { break };
                let (to, answer) = (delivery.from, (service.answer)(&delivery));
                service.report(ServiceEvent::Delivered { delivery, via });
                if let Some(body) = answer {
                    // Queued here, so that answers keep the order of the messages.
                    let pending = session.post(to, body).await;
                    answers.spawn(async move { (to, pending.answer().await) });
                }
            }
            Some(done) = answers.join_next() => report(service, done, via),
        }
    }
    while let Some(done) = answers.join_next().await {
        report(service, done, via);
    }
}

fn report(service: &Service, done: Result<Answered, tokio::task::JoinError>, via: Via) {
    service.report(match done {
        Ok((to, Ok(_))) => ServiceEvent::Answered { to, via },
        Ok((to, Err(error))) => ServiceEvent::Unanswered { to, error },
        // Nothing in that task panics or is aborted; with the runtime gone nobody listens.
        Err(_) => return,
    });
}
