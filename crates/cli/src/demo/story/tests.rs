use std::sync::Arc;

use tuyau_wire::SecretKey;

use super::*;

#[tokio::test]
async fn a_story_stops_although_others_hold_it_and_may_be_stopped_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(SecretKey::generate().unwrap());
    settings.listen = vec!["tls://127.0.0.1:0".parse().unwrap()];
    let story = Arc::new(Story::start(settings, directory.path()).await.unwrap());
    let address = story.view(0, 0).await.unwrap().listen[0].clone();
    let other = story.clone();

    story.stop().await;
    story.stop().await;

    let error = other.simulate(1).await.unwrap_err();
    assert_eq!(*error.kind(), StoryErrorKind::Ended);
    let port = address.port().unwrap();
    std::net::TcpListener::bind(("127.0.0.1", port)).expect("the address is free again");
}
