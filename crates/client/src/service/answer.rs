//! Taking deliveries and answering them.

use tokio::task::JoinSet;
use tuyau_wire::{Class, Identity};

use super::{Service, ServiceEvent, Via};
use crate::{Delivery, RequestError, Session};

/// How many answers may wait for the router to accept them. Until one is accepted no further
/// delivery is taken, and the router sees that this service is slow.
const ANSWERS_MAX: usize = 64;

type Answered = (Identity, Result<(), RequestError>);

/// Answers the deliveries of a session until it ends.
pub(super) async fn serve(service: &Service, session: &Session, via: Via) {
    let mut answers: JoinSet<Answered> = JoinSet::new();
    loop {
        tokio::select! {
            next = session.next(), if answers.len() < ANSWERS_MAX => {
                let Some(delivery) = next else { break };
                let answer = (service.answer)(&delivery);
                service.report(ServiceEvent::Delivered { delivery: delivery.clone(), via });
                if let Some(body) = answer {
                    reply(session, &delivery, body, &mut answers).await;
                }
                delivery.acknowledge();
            }
            Some(done) = answers.join_next() => report(service, done, via),
        }
    }
    while let Some(done) = answers.join_next().await {
        report(service, done, via);
    }
}

/// Sends the answer to a message: to a request as its reply.
async fn reply(
    session: &Session,
    delivery: &Delivery,
    body: Vec<u8>,
    answers: &mut JoinSet<Answered>,
) {
    let to = delivery.from;
    if delivery.class == Class::Request {
        let replied = delivery.reply(body).await;
        answers.spawn(async move { (to, replied) });
        return;
    }
    // Queued here, so that answers keep the order of the messages.
    let posted = session.post(to, body).await;
    let session = session.clone();
    answers.spawn(async move {
        let answered = async { posted?.await };
        (to, session.in_time(answered).await)
    });
}

fn report(service: &Service, done: Result<Answered, tokio::task::JoinError>, via: Via) {
    service.report(match done {
        Ok((to, Ok(()))) => ServiceEvent::Answered { to, via },
        Ok((to, Err(error))) => ServiceEvent::Unanswered { to, error },
        // Nothing in that task panics or is aborted; with the runtime gone nobody listens.
        Err(_) => return,
    });
}
