//! Taking a path for a socket, without ever taking it from somebody.
//!
//! The socket is bound under a temporary name in the same directory, gets its permissions there
//! before it begins to listen, and only then gets the real name by a hard link, which fails when
//! that name exists: so nobody can connect before the permissions hold, nobody finds a socket that
//! does not listen yet, and of two that start at once, one is told so. Whether an existing socket is alive is asked with a
//! datagram socket: the system answers "wrong type" for a live one, and the listener notices nothing.

use std::{
    fs, hash, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixDatagram, UnixListener},
    },
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};
use tuyau_core::Address;

use super::MAX_PATH;
use crate::{ListenError, ListenErrorKind};

/// How often a path that others create and remove meanwhile is tried.
const TRIES: usize = 16;

/// How many connections the system keeps for us until they are accepted; it may cap this lower.
const BACKLOG: i32 = 4096;

/// The length of a temporary name, in bytes, with its slash.
const TEMPORARY: usize = 10;

/// A path that is our socket's until it is dropped, or somebody replaces it.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    file: FileId,
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> io::Result<(Self, fs::FileType)> {
        let data = fs::symlink_metadata(path)?;
        let id = Self {
            device: data.dev(),
            inode: data.ino(),
        };
        Ok((id, data.file_type()))
    }
}

impl Claim {
    pub(super) fn take(
        address: &Address,
        path: PathBuf,
        mode: u32,
    ) -> Result<(UnixListener, Self), ListenError> {
        let fail = |error| ListenError::from_io(address, error);
        check_directory(address, &path)?;
        refuse_what_is_not_stale(address, &path)?;
        let (socket, temporary) = bind_temporary(&path).map_err(fail)?;
        fs::set_permissions(&temporary.0, fs::Permissions::from_mode(mode)).map_err(fail)?;
        socket.listen(BACKLOG).map_err(fail)?;
        let (file, _) = FileId::of(&temporary.0).map_err(fail)?;
        for _ in 0..TRIES {
            match fs::hard_link(&temporary.0, &path) {
                Ok(()) => return Ok((socket.into(), Self { path, file })),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(error)),
            }
            if let Some(stale) = refuse_what_is_not_stale(address, &path)? {
                remove_stale(address, &path, stale)?;
            }
        }
        Err(in_use(address))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if FileId::of(&self.path).is_ok_and(|(file, _)| file == self.file) {
            // Nobody is there to hear of a failure; what stays is a stale socket file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The temporary name, removed when it has served.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn check_directory(address: &Address, path: &Path) -> Result<(), ListenError> {
    let length = directory(path).as_os_str().len();
    let most = MAX_PATH - TEMPORARY;
    if length > most {
        let reason = format!("its directory's path has {length} bytes, {most} are possible");
        return Err(ListenError::invalid(address, "a shorter directory", reason));
    }
    Ok(())
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// A free name beside `path`, and a socket bound to it.
fn bind_temporary(path: &Path) -> io::Result<(Socket, Temporary)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let mut tries = TRIES;
    loop {
        let random = hash::BuildHasher::hash_one(&hash::RandomState::new(), tries) as u32;
        let temporary = directory(path).join(format!(".{random:08x}"));
        match socket.bind(&SockAddr::unix(&temporary)?) {
            Ok(()) => return Ok((socket, Temporary(temporary))),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 1 => tries -= 1,
            Err(error) => return Err(error),
        }
    }
}

/// Which stale socket file is at the path, if any file is.
fn refuse_what_is_not_stale(address: &Address, path: &Path) -> Result<Option<FileId>, ListenError> {
    let fail = |error| Err(ListenError::from_io(address, error));
    let (file, kind) = match FileId::of(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return fail(error),
    };
    if !kind.is_socket() {
        let remedy = "move that file away or choose another path";
        return Err(ListenError::new(
            address,
            ListenErrorKind::NotASocket,
            remedy,
        ));
    }
    match UnixDatagram::unbound().and_then(|probe| probe.connect(path)) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => fail(error),
        Ok(()) | Err(_) => Err(in_use(address)),
    }
}

/// Removes the stale file, and nothing that came in its place meanwhile.
fn remove_stale(address: &Address, path: &Path, stale: FileId) -> Result<(), ListenError> {
    let fail = |error| ListenError::from_io(address, error);
    // Taking the name away and looking at the file afterwards leaves no gap between the two.
    let (free, taken) = bind_temporary(path).map_err(fail)?;
    drop(free);
    match fs::rename(path, &taken.0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
    }
    let (file, _) = FileId::of(&taken.0).map_err(fail)?;
    if file == stale {
        return Ok(());
    }
    // Somebody else replaced the stale file first. Where a third one has the name already, ours is
    // not to decide between them.
    let _ = fs::hard_link(&taken.0, path);
    Err(in_use(address))
}

fn in_use(address: &Address) -> ListenError {
    ListenError::new(
        address,
        ListenErrorKind::InUse,
        "stop the program that listens there or choose another path",
    )
}
