//! What flows know, and how it is reached through layers.

use tuyau::{mem, tcp, tls, unix};
use tuyau_conformance::Case;
use tuyau_core::{AnyFlow, Flow, FlowExt, LocalAddress, PeerAddress};

use crate::{
    list::{List, tokio},
    rows,
};

/// A case for each function.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        [$(Case::new(stringify!($case), tokio, async || {
            $case().await;
            Ok(())
        })),*]
    };
}

pub(crate) fn rows(list: &mut List) {
    let cases = cases![
        a_tcp_flow_knows_both_addresses_through_tls,
        a_tls_flow_knows_its_peer,
        a_unix_flow_knows_path_and_credentials,
        layers_are_found_at_any_depth_and_taken_out_again,
    ];
    list.add("knowledge", cases);
}

async fn a_tcp_flow_knows_both_addresses_through_tls() {
    let (near, far) = rows::tls::over(rows::tcp::pair().await).await;
    let (near, far) = (AnyFlow::new(near), AnyFlow::new(far));
    let near_peer = &near.info::<PeerAddress>().unwrap().0;
    assert_eq!(near_peer, &far.info::<LocalAddress>().unwrap().0);
    let far_peer = &far.info::<PeerAddress>().unwrap().0;
    assert_eq!(far_peer, &near.info::<LocalAddress>().unwrap().0);
    assert_eq!(near_peer.scheme(), "tcp");
}

async fn a_tls_flow_knows_its_peer() {
    let (near, far) = rows::tls::over_mem().await;
    assert_ne!(near.info::<tls::PeerKey>(), far.info::<tls::PeerKey>());
    let form = near.info::<tls::CertificateForm>().unwrap();
    assert_eq!(*form, tls::CertificateForm::RawKey);
    let negotiated = near.info::<tls::Negotiated>().unwrap();
    assert_eq!(negotiated, far.info::<tls::Negotiated>().unwrap());
    assert_eq!(format!("{:?}", negotiated.version), "TLSv1_3");
}

async fn a_unix_flow_knows_path_and_credentials() {
    let (near, far) = rows::unix::pair().await;
    let path = &near.info::<PeerAddress>().unwrap().0;
    assert_eq!(path, &far.info::<LocalAddress>().unwrap().0);
    let credentials = far.info::<unix::PeerCredentials>().unwrap();
    assert_eq!(credentials.process, Some(std::process::id() as i32));
}

/// Law 8: `find` at any depth, whether the type is known or not, and the concrete type taken out again.
async fn layers_are_found_at_any_depth_and_taken_out_again() {
    fn all_are_found(near: &impl Flow) {
        assert!(near.find::<tls::Flow<tls::Flow<mem::Flow>>>().is_some());
        assert!(near.find::<tls::Flow<mem::Flow>>().is_some());
        assert!(near.find::<mem::Flow>().is_some());
        assert!(near.find::<tcp::Flow>().is_none());
    }
    let (near, _far) = rows::tls::over(rows::tls::over_mem().await).await;
    all_are_found(&near);
    let beneath = near.inner().expect("TLS runs over something");
    assert!(beneath.find::<mem::Flow>().is_some());
    assert!(beneath.info::<tls::PeerKey>().is_some());
    let near = AnyFlow::new(near);
    all_are_found(&near);
    let near = near.downcast::<mem::Flow>().unwrap_err();
    assert!(near.downcast::<tls::Flow<tls::Flow<mem::Flow>>>().is_ok());
}
