use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};

use super::*;

/// A web server whose words are known beforehand: it gives them in pieces of one length.
struct Script {
    words: Vec<u8>,
    piece: usize,
    heard: Vec<u8>,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let count = self.piece.min(self.words.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.words[..count]);
        self.words.drain(..count);
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.heard.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

const ADVERTISED: &str = "Content-Type: application/x-git-upload-pack-advertisement\r\n";

fn exchange(words: &str, piece: usize) -> Exchange<Script> {
    let script = Script {
        words: words.as_bytes().to_vec(),
        piece,
        heard: Vec::new(),
    };
    Exchange::new(script, &"http://example.org:8080/a.git".parse().unwrap())
}

fn read(words: &str, piece: usize) -> io::Result<String> {
    let mut exchange = exchange(words, piece);
    let mut text = String::new();
    block_on(exchange.read_to_string(&mut text)).map(|_| text)
}

#[test]
fn bodies_of_every_kind_are_read_whatever_the_pieces() {
    let length = format!("HTTP/1.1 200 OK\r\n{ADVERTISED}Content-Length: 11\r\n\r\n0007abc0000");
    let chunks = format!(
        "HTTP/1.1 200 OK\r\n{ADVERTISED}Transfer-Encoding: chunked\r\n\r\n\
         4;x=y\r\n0007\r\n7\r\nabc0000\r\n0\r\nTrailer: x\r\n\r\n"
    );
    let end = format!("HTTP/1.0 200 OK\r\n{ADVERTISED}\r\n0007abc0000");
    for words in [length, chunks, end] {
        for piece in [1, 2, 7, 1000] {
            assert_eq!(read(&words, piece).unwrap(), "0007abc0000", "{words}");
        }
    }
}

#[test]
fn the_announcement_is_left_out() {
    let announced = "001e# service=git-upload-pack\n00000007abc";
    let length = announced.len();
    let head = format!("HTTP/1.1 200 OK\r\n{ADVERTISED}Content-Length: {length}\r\n\r\n");
    for piece in [1, 5, 1000] {
        assert_eq!(
            read(&format!("{head}{announced}"), piece).unwrap(),
            "0007abc"
        );
    }
}

#[test]
fn what_was_written_is_one_request_and_its_answer_is_read_next() {
    let first = format!("HTTP/1.1 200 OK\r\n{ADVERTISED}Content-Length: 4\r\n\r\n0000");
    let second = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\
                  Content-Length: 3\r\n\r\nyes";
    let mut exchange = exchange(&format!("{first}{second}"), 1000);
    let mut answer = [0; 4];
    block_on(exchange.read_exact(&mut answer)).unwrap();
    block_on(exchange.write_all(b"comm")).unwrap();
    block_on(exchange.flush()).unwrap();
    block_on(exchange.write_all(b"and")).unwrap();
    block_on(exchange.read_exact(&mut answer[..3])).unwrap();
    assert_eq!(&answer[..3], b"yes");
    let heard = String::from_utf8(exchange.stream.heard).unwrap();
    assert!(heard.starts_with("GET /a.git/info/refs?service=git-upload-pack HTTP/1.1\r\n"));
    assert!(heard.contains("\r\nHost: example.org:8080\r\n"));
    assert!(heard.contains("POST /a.git/git-upload-pack HTTP/1.1\r\n"));
    assert!(heard.ends_with("Content-Length: 7\r\n\r\ncommand"));
}

#[test]
fn what_is_no_answer_of_a_git_server_is_refused() {
    let refused = |words: &str| read(words, 1000).unwrap_err().to_string();
    assert_eq!(refused("HTTP/1.1 404 Not Found\r\n\r\n"), "404 Not Found");
    let moved = "HTTP/1.1 301 Moved Permanently\r\nLocation: https://b/\r\n\r\n";
    assert_eq!(refused(moved), "301 Moved to https://b/");
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>";
    assert!(refused(page).contains("speaks no Git here"));
    refused("SSH-2.0-OpenSSH_9.2\r\n");
    refused("");
    refused(&format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(40_000)));
    let head = format!("HTTP/1.1 200 OK\r\n{ADVERTISED}");
    refused(&format!("{head}Content-Length: x\r\n\r\n"));
    refused(&format!("{head}Content-Length: 10\r\n\r\nshort"));
    refused(&format!("{head}Transfer-Encoding: chunked\r\n\r\nx\r\n"));
    let endless = format!("1;{}", "x".repeat(40_000));
    let text = refused(&format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{endless}"
    ));
    assert!(text.contains("too long"), "{text}");
    refused(&format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"
    ));
}
