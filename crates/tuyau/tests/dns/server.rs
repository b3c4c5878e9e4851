//! A name server on loopback that answers as it is told, over UDP and TCP.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use hickory_resolver::proto::{
    op::{Message, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME, SRV},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
};
use tuyau::{
    dns::{Dns, DnsError, DnsErrorKind},
    tcp::{self, Tcp, TcpKey},
    tokio::TokioTimer,
};
use tuyau_core::{Context, Outcome, Registry, Report, Target};

/// What a server says to a question.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// These records, and this code.
    Records(ResponseCode, Vec<Record>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// The records over TCP, and over UDP that it is too much.
    Cut(Vec<Record>),
    /// The records, cut, however it is asked.
    CutAlways(Vec<Record>),
    /// The records, as the answer to another question.
    OtherId(Vec<Record>),
    /// The records, and the last bytes of them are missing.
    Torn(Vec<Record>),
    /// Over UDP that it is too much, and over TCP these bytes.
    BytesOverTcp(Vec<u8>),
    /// Nothing, ever.
    Nothing,
}

type Book = HashMap<(Name, RecordType), Says>;
/// A question: name, kind and transport.
type Asked = (String, RecordType, &'static str);

/// A server, and what it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    book: Arc<Mutex<Book>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let (udp, tcp) = sockets().await;
        let server = Self {
            address: udp.local_addr().unwrap(),
            book: Arc::default(),
            asked: Arc::default(),
        };
        tokio::spawn(server.clone().over_udp(udp));
        tokio::spawn(server.clone().over_tcp(tcp));
        server
    }

    /// Records of one kind of a name.
    pub(crate) fn has(self, owner: &str, data: impl IntoIterator<Item = RData>) -> Self {
        let records: Vec<_> = data.into_iter().map(|data| record(owner, data)).collect();
        let kind = records[0].record_type();
        self.says(owner, kind, Says::Records(ResponseCode::NoError, records))
    }

    pub(crate) fn says(self, owner: &str, kind: RecordType, says: Says) -> Self {
        self.book.lock().unwrap().insert((name(owner), kind), says);
        self
    }

    /// The same for A and AAAA.
    pub(crate) fn says_of_addresses(self, owner: &str, says: &Says) -> Self {
        self.says(owner, RecordType::A, says.clone())
            .says(owner, RecordType::AAAA, says.clone())
    }

    pub(crate) fn dns(&self) -> Dns<TcpKey> {
        let dns = Dns::servers(&[self.address]).unwrap();
        dns.timeout(Duration::from_secs(2))
    }

    pub(crate) async fn plan(&self, target: Target) -> Report {
        plan(self.dns(), target).await
    }

    /// What was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn over_udp(self, socket: UdpSocket) {
        let mut buffer = [0; 4096];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
                continue;
            };
            if let Some(answer) = self.answer(&buffer[..length], "udp") {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    }

    async fn over_tcp(self, listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let server = self.clone();
            tokio::spawn(async move {
                while let Ok(length) = stream.read_u16().await {
                    let mut question = vec![0; length.into()];
                    if stream.read_exact(&mut question).await.is_err() {
                        return;
                    }
                    if let Some(answer) = server.answer(&question, "tcp") {
                        let length = u16::try_from(answer.len()).unwrap();
                        let _ = stream.write_u16(length).await;
                        let _ = stream.write_all(&answer).await;
                    }
                }
            });
        }
    }

    fn answer(&self, bytes: &[u8], transport: &'static str) -> Option<Vec<u8>> {
        let question = Message::from_vec(bytes).unwrap();
        let query = question.queries[0].clone();
        let (owner, kind) = (query.name().to_lowercase(), query.query_type());
        let mut asked = self.asked.lock().unwrap();
        asked.push((owner.to_ascii(), kind, transport));
        let says = self.book.lock().unwrap().get(&(owner, kind)).cloned();
        let id = question.id;
        match says.unwrap_or(Says::Records(ResponseCode::NoError, vec![])) {
            Says::Records(code, records) => Some(message(id, query, code, records, false)),
            Says::Bytes(bytes) => Some(bytes),
            Says::Cut(records) if transport == "tcp" => {
                Some(message(id, query, ResponseCode::NoError, records, false))
            }
            Says::Cut(_) => Some(message(id, query, ResponseCode::NoError, vec![], true)),
            Says::CutAlways(records) => {
                Some(message(id, query, ResponseCode::NoError, records, true))
            }
            Says::OtherId(records) => {
                let id = id.wrapping_add(1);
                Some(message(id, query, ResponseCode::NoError, records, false))
            }
            Says::Torn(records) => {
                let mut bytes = message(id, query, ResponseCode::NoError, records, false);
                bytes.truncate(bytes.len() - 2);
                Some(bytes)
            }
            Says::BytesOverTcp(bytes) if transport == "tcp" => Some(bytes),
            Says::BytesOverTcp(_) => Some(message(id, query, ResponseCode::NoError, vec![], true)),
            Says::Nothing => None,
        }
    }
}

/// A UDP and a TCP socket with one port.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = udp.local_addr().unwrap();
        if let Ok(tcp) = TcpListener::bind(address).await {
            return (udp, tcp);
        }
    }
}

fn message(id: u16, query: Query, code: ResponseCode, records: Vec<Record>, cut: bool) -> Vec<u8> {
    let mut message = Message::response(id, hickory_resolver::proto::op::OpCode::Query);
    message.add_query(query);
    message.metadata.response_code = code;
    message.metadata.truncation = cut;
    message.metadata.recursion_available = true;
    message.add_answers(records);
    message.to_vec().unwrap()
}

pub(crate) async fn plan(dns: Dns<TcpKey>, target: Target) -> Report {
    context(dns).connect(target).plan().await
}

pub(crate) fn context(dns: Dns<TcpKey>) -> Context {
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new());
    registry.resolver(tcp::KEY, 0, dns);
    registry.freeze(TokioTimer::new())
}

/// A whole name.
pub(crate) fn name(text: &str) -> Name {
    let mut name = Name::from_utf8(text).unwrap();
    name.set_fqdn(true);
    name
}

pub(crate) fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 60, data)
}

pub(crate) fn address(text: &str) -> RData {
    match text.parse::<IpAddr>().unwrap() {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    }
}

pub(crate) fn alias(target: &str) -> RData {
    RData::CNAME(CNAME(name(target)))
}

pub(crate) fn srv(priority: u16, weight: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, weight, port, name(target)))
}

/// The endpoints of a report, in their order.
pub(crate) fn endpoints(report: &Report) -> Vec<String> {
    let rows = report.attempts.iter();
    rows.filter_map(|row| Some(row.endpoint.as_ref()?.to_string()))
        .collect()
}

/// The error of the resolver's row.
pub(crate) fn error(report: &Report) -> &DnsError {
    let error = report.attempts.iter().find_map(|row| match &row.outcome {
        Outcome::Failed(error) => error.downcast_ref(),
        _ => None,
    });
    error.unwrap_or_else(|| panic!("no error of DNS: {report}"))
}

pub(crate) fn kind(report: &Report) -> DnsErrorKind {
    error(report).kind()
}
