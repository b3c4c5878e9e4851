//! A peer's server: started on a free port of loopback, watched from outside, killed at the end.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Files;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is asked whether it does.
const STEP: Duration = Duration::from_micros(100);

/// What a server is started with.
pub struct Site {
    /// An empty folder of its own.
    pub folder: PathBuf,
    /// Where it is to listen.
    pub address: SocketAddr,
    /// Its certificates; without TLS, none.
    pub files: Option<Files>,
}

impl Site {
    /// A folder that is made empty, and a free port.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(folder: PathBuf, files: Option<Files>) -> io::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        Ok(Self {
            folder,
            address,
            files,
        })
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    /// When that fails.
    pub fn write(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// The path of a file in the folder, as text.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// A server that runs, until this is dropped.
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// From the start of the process to the first connection that it took.
    pub ready_after: Duration,
}

impl Server {
    /// Starts a program and waits until it takes connections.
    ///
    /// The program is told to end when this process does, however that happens.
    ///
    /// # Errors
    /// When it cannot be started or ends early; its log is then in the error.
    pub fn start(command: &mut Command, site: Site) -> io::Result<Self> {
        let log = site.folder.join("log");
        let out = File::create(&log)?;
        let mut guarded = Command::new("setpriv");
        guarded
            .args(["--pdeathsig", "KILL", "--"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(&site.folder)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        for (name, value) in command.get_envs() {
            guarded.env(name, value.unwrap_or_default());
        }
        let began = Instant::now();
        let child = guarded.spawn()?;
        let mut server = Self {
            child,
            folder: site.folder,
            address: site.address,
            tls: site.files.is_some(),
            ready_after: Duration::ZERO,
        };
        while TcpStream::connect(server.address).is_err() {
            if server.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                let name = command.get_program().display();
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(io::Error::other(format!(
                    "{name} did not start; it said: {said}"
                )));
            }
            thread::sleep(STEP);
        }
        server.ready_after = began.elapsed();
        Ok(server)
    }

    /// The processor time of all its threads so far.
    pub fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let mut nanoseconds = 0;
        for task in tasks.into_iter().flatten().flatten() {
            let schedule = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let run = schedule
                .split(' ')
                .next()
                .and_then(|run| run.parse::<u64>().ok());
            nanoseconds += run.unwrap_or(0);
        }
        Duration::from_nanos(nanoseconds)
    }

    /// The memory that it has resident, in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save, and may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The first line that a program prints when asked for its version; nothing when there is no such
/// program.
pub fn version(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    let number = said.split_whitespace().find_map(|word| {
        let word = word
            .trim_start_matches("v=")
            .trim_start_matches('v')
            .trim_end_matches(',');
        (word.contains('.') && word.starts_with(|first: char| first.is_ascii_digit()))
            .then_some(word)
    });
    number.map(str::to_owned)
}
