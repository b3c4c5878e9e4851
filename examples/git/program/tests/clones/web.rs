//! `http://` and `https://`, from lighttpd in front of `git http-backend`.

use std::{fs, process::Stdio};

use crate::{
    repository::{compare, compare_bare, generate},
    server::{Server, start},
    support::{Place, of_git, succeed},
};

/// lighttpd, plain and with TLS; `ca.pem` is its authority.
pub(crate) fn web(place: &Place) -> (Server, [u16; 2]) {
    certify(place);
    start(|[http, https]| {
        let file = place.path("lighttpd.conf");
        let here = place.path("").display().to_string();
        let backend = of_git("git-http-backend");
        let configuration = format!(
            "server.modules = (\"mod_alias\", \"mod_cgi\", \"mod_setenv\", \"mod_openssl\")\n\
             server.document-root = \"{here}\"\n\
             server.errorlog = \"{here}lighttpd.log\"\n\
             server.bind = \"127.0.0.1\"\nserver.port = {http}\n\
             server.upload-dirs = (\"{here}\")\n\
             alias.url = (\"/git\" => \"{}\")\n\
             cgi.assign = (\"\" => \"\")\n\
             setenv.set-environment = (\"GIT_PROJECT_ROOT\" => \"{here}served\", \
             \"GIT_HTTP_EXPORT_ALL\" => \"1\", \"HOME\" => \"{here}\")\n\
             $SERVER[\"socket\"] == \"127.0.0.1:{https}\" {{\n\
             ssl.engine = \"enable\"\nssl.pemfile = \"{here}server.pem\"\n\
             ssl.privkey = \"{here}server.key\"\n}}\n",
            backend.display()
        );
        fs::write(&file, configuration).unwrap();
        let mut command = place.command("/usr/sbin/lighttpd");
        command.arg("-D").arg("-f").arg(file).stderr(Stdio::null());
        command
    })
}

/// An authority, and a certificate of it for the addresses of loopback.
fn certify(place: &Place) {
    let openssl = |arguments: &str| {
        succeed(place.command("openssl").args(arguments.split(' ')));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Test"
    ));
    openssl(&format!(
        "req -new {key} -keyout server.key -out server.csr -subj /CN=localhost"
    ));
    let names = "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
    fs::write(place.path("names"), names).unwrap();
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
         -extfile names -out server.pem",
    );
}

#[test]
fn a_repository_behind_a_web_server_is_cloned() {
    let place = Place::new();
    generate(&place);
    let (_server, [http, _]) = web(&place);
    let url = format!("http://127.0.0.1:{http}/git/big.git");
    let (cloned, text) = place.clone(&[&url]);
    assert!(cloned, "{text}");
    compare(&place, "big");
    let (cloned, text) = place.clone(&["--bare", &url, "bare"]);
    assert!(cloned, "{text}");
    compare_bare(&place, "bare");
}

#[test]
fn a_repository_behind_tls_is_cloned() {
    let place = Place::new();
    generate(&place);
    let (_server, [_, https]) = web(&place);
    let url = format!("https://127.0.0.1:{https}/git/big.git");
    let (cloned, text) = place.clone(&["--ca", "ca.pem", &url]);
    assert!(cloned, "{text}");
    compare(&place, "big");
}

#[test]
fn a_certificate_of_nobody_who_is_known_is_refused() {
    let place = Place::new();
    generate(&place);
    let (_server, [_, https]) = web(&place);
    let other = Place::new();
    certify(&other);
    let file = other.path("ca.pem").display().to_string();
    let url = format!("https://127.0.0.1:{https}/git/big.git");
    let (cloned, text) = place.clone(&["--ca", &file, &url]);
    assert!(!cloned);
    assert!(text.contains("certificate"), "{text}");
    assert!(!place.path("big").exists());
}

#[test]
fn a_page_that_is_not_there_is_told_with_its_status() {
    let place = Place::new();
    generate(&place);
    let (_server, [http, _]) = web(&place);
    let (cloned, text) = place.clone(&[&format!("http://127.0.0.1:{http}/git/absent.git")]);
    assert!(!cloned);
    assert!(text.contains("the web server answered 404"), "{text}");
}
