//! The families of rows, one line each, in alphabetical order.

use crate::list::List;

macro_rules! families {
    ($($(#[$condition:meta])* $family:ident,)*) => {
        $($(#[$condition])* pub(crate) mod $family;)*

        /// Adds every row.
        pub(crate) fn all(list: &mut List) {
            $($(#[$condition])* $family::rows(list);)*
        }
    };
}

families! {
    #[cfg(feature = "blocking")] blocking,
    #[cfg(feature = "fault")] fault,
    #[cfg(feature = "futures")] futures,
    #[cfg(feature = "mem")] mem,
    #[cfg(feature = "noise")] noise,
    #[cfg(any(feature = "http-connect", feature = "socks5"))] proxies,
    #[cfg(feature = "quic")] quic,
    #[cfg(all(feature = "blocking", feature = "dns", feature = "hosts", feature = "mem", feature = "tcp"))] resolvers,
    #[cfg(feature = "serial")] serial,
    #[cfg(all(feature = "mem", feature = "ssh", feature = "tcp"))] ssh,
    #[cfg(feature = "smoltcp")] smoltcp,
    #[cfg(all(feature = "tap", target_os = "linux"))] tap,
    #[cfg(feature = "tcp")] tcp,
    #[cfg(feature = "throttle")] throttle,
    #[cfg(feature = "tls")] tls,
    #[cfg(feature = "tokio")] tokio,
    #[cfg(feature = "udp")] udp,
    #[cfg(all(feature = "unix", unix))] unix,
    #[cfg(all(feature = "vsock", target_os = "linux"))] vsock,
    #[cfg(feature = "websocket")] websocket,
    #[cfg(feature = "wireguard")] wireguard,
}
