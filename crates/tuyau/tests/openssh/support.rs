//! A server of OpenSSH with its own keys and configuration, on loopback.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tuyau::{
    ssh::{Error, Flow, Open, PrivateKey, Remote, Settings},
    tcp::{self, Tcp},
};
use tuyau_core::{Attempt, FlowExt, Layer, LayerKey, LayeredError, Protocol, ProtocolExt, Stage};

/// OpenSSH's sshd, which lets this user in with [`Sshd::user_key`].
pub(crate) struct Sshd {
    process: Child,
    pub(crate) directory: TempDir,
    pub(crate) socket: SocketAddr,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sshd {
    /// A server with an Ed25519 key.
    pub(crate) async fn start() -> Self {
        Self::with("").await
    }

    /// A server with more lines in its configuration; of those that say a thing twice, the first
    /// counts.
    pub(crate) async fn with(configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        keygen(path, "host_ed25519", &["-t", "ed25519", "-N", ""]);
        keygen(path, "user", &["-t", "ed25519", "-N", ""]);
        fs::copy(path.join("user.pub"), path.join("authorized_keys")).unwrap();
        // Where sshd wants to change its root to, when root starts it.
        let _ = fs::create_dir_all("/run/sshd");
        loop {
            // Another program may take the port between the two; then another one is tried.
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let socket = listener.local_addr().unwrap();
            drop(listener);
            let configured = write_configuration(path, socket, configuration);
            let mut process = Command::new(sshd().expect("sshd is installed"))
                .args(["-D", "-e", "-f"])
                .arg(configured)
                .stdin(Stdio::null())
                .stderr(fs::File::create(path.join("log")).unwrap())
                .spawn()
                .expect("sshd starts");
            if answers(&mut process, socket).await {
                return Self {
                    process,
                    directory,
                    socket,
                };
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn user_key(&self) -> PrivateKey {
        PrivateKey::read_file(self.path("user"), None).unwrap()
    }

    /// How `known_hosts` calls it.
    pub(crate) fn name(&self) -> String {
        format!("[127.0.0.1]:{}", self.socket.port())
    }

    /// Writes a `known_hosts` file with the server's own key, each line changed by `change`.
    pub(crate) fn known_hosts(&self, change: impl Fn(String) -> String) -> PathBuf {
        let key = fs::read_to_string(self.path("host_ed25519.pub")).unwrap();
        let file = self.path("known_hosts");
        fs::write(&file, change(format!("{} {key}", self.name()))).unwrap();
        file
    }

    /// Settings that know the server and have the user's key.
    pub(crate) fn settings(&self) -> Settings {
        let known = self.known_hosts(|line| line);
        Settings::new().known_hosts_file(known).key(self.user_key())
    }

    pub(crate) fn remote(&self, open: Open) -> Remote {
        Remote::new(&user(), "127.0.0.1", self.socket.port(), open)
    }

    pub(crate) async fn open(&self, settings: Settings, open: Open) -> Result<Flow, Error> {
        connect(settings.connector(), self.socket, &self.remote(open)).await
    }

    /// Opens what is beyond the server.
    pub(crate) async fn forward(&self, open: Open) -> Result<Flow, Error> {
        let forwarder = self.settings().forwarder();
        connect(forwarder, self.socket, &self.remote(open)).await
    }

    /// In which stage opening fails.
    pub(crate) async fn stage_of_failure<L>(&self, layer: L, open: Open) -> String
    where
        L: Layer<tcp::Flow, Key: LayerKey<Config = Remote>>,
    {
        let attempt = Attempt::new(Tcp::STAGE);
        let protocol = Tcp::new().layer(layer);
        let endpoint = (self.socket, self.remote(open));
        let opened = protocol.connect(&endpoint, &attempt).await;
        assert!(opened.is_err(), "it is opened");
        attempt.stage().to_string()
    }

    pub(crate) async fn run(&self, command: &str) -> Flow {
        let opened = self.open(self.settings(), Open::command(command));
        opened.await.unwrap()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

pub(crate) async fn connect<L>(layer: L, socket: SocketAddr, remote: &Remote) -> Result<Flow, Error>
where
    L: Layer<tcp::Flow, Key: LayerKey<Config = Remote>, Flow = Flow, Error = Error>,
{
    let protocol = Tcp::new().layer(layer);
    let attempt = Attempt::new(Stage::new("tcp"));
    let connected = protocol.connect(&(socket, remote.clone()), &attempt).await;
    connected.map_err(|error| match error {
        LayeredError::Layer(error) => error,
        LayeredError::Base(error) => panic!("{error}"),
    })
}

/// Runs ssh-keygen.
pub(crate) fn keygen(directory: &Path, file: &str, arguments: &[&str]) {
    let made = Command::new("ssh-keygen")
        .current_dir(directory)
        .args(["-q", "-C", "a comment", "-f", file])
        .args(arguments)
        .status()
        .expect("ssh-keygen runs");
    assert!(made.success());
}

pub(crate) async fn read_to_end(flow: &mut impl tuyau_core::Flow) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 10_000];
    loop {
        match flow.read(&mut buffer).await.unwrap() {
            0 => return all,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

fn write_configuration(directory: &Path, socket: SocketAddr, more: &str) -> PathBuf {
    let here = directory.display();
    let text = format!(
        "{more}\n\
         ListenAddress {socket}\n\
         HostKey {here}/host_ed25519\n\
         AuthorizedKeysFile {here}/authorized_keys\n\
         PidFile none\n\
         UsePAM no\n\
         StrictModes no\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         AcceptEnv TUYAU_*\n\
         Subsystem echo /bin/cat\n"
    );
    let file = directory.join("sshd_config");
    fs::write(&file, text).unwrap();
    file
}

/// sshd wants to be called by its whole path.
pub(crate) fn sshd() -> Option<&'static Path> {
    let places = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
    places.map(Path::new).into_iter().find(|path| path.exists())
}

async fn answers(process: &mut Child, socket: SocketAddr) -> bool {
    while process.try_wait().unwrap().is_none() {
        if tokio::net::TcpStream::connect(socket).await.is_ok() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
