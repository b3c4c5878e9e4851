//! Reading a configuration file into text.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::error::{ConfigError, ConfigErrorKind as Kind};
use super::place::Place;

/// The bytes of a file, or one more than `bytes_max`.
pub(crate) fn read(path: &Path, file: &Arc<str>, bytes_max: u64) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|opened| opened.take(bytes_max + 1).read_to_end(&mut bytes))
        .map_err(|cause| unreadable(path, file, cause))?;
    Ok(bytes)
}

/// The text in the bytes of a file of at most `bytes_max`, without a byte order mark.
pub(crate) fn text<'b>(
    bytes: &'b [u8],
    file: &Arc<str>,
    bytes_max: u64,
) -> Result<&'b str, ConfigError> {
    if bytes.len() as u64 > bytes_max {
        let message = format!("more than {bytes_max} bytes: a configuration is never that large");
        return Err(ConfigError::new(whole(file), Kind::TooLarge, message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (valid, _) = bytes.split_at(error.valid_up_to());
        not_utf8(&String::from_utf8_lossy(valid), bytes, file)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn not_utf8(before: &str, bytes: &[u8], file: &Arc<str>) -> ConfigError {
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let found = bytes.get(before.len()).copied().unwrap_or_default();
    let place = Place::Position {
        file: Arc::clone(file),
        line,
        column,
    };
    let message = format!("not UTF-8, found the byte 0x{found:02x}: save the file as UTF-8");
    ConfigError::new(place, Kind::NotUtf8, message)
}

fn unreadable(path: &Path, file: &Arc<str>, cause: io::Error) -> ConfigError {
    let message = match cause.kind() {
        io::ErrorKind::NotFound => not_found(path),
        io::ErrorKind::PermissionDenied => {
            "this user may not read the file: change its owner or mode, or run as another user"
                .to_owned()
        }
        io::ErrorKind::IsADirectory => {
            "a directory, not a file: name the file in it, for example `router.yaml`".to_owned()
        }
        _ => "the file cannot be read".to_owned(),
    };
    ConfigError::new(whole(file), Kind::Unreadable, message).with_cause(cause)
}

fn not_found(path: &Path) -> String {
    let advice = "check the path";
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => {
            format!("there is no such file, nor its directory: {advice}")
        }
        _ => format!("there is no such file: {advice}"),
    }
}

fn whole(file: &Arc<str>) -> Place {
    Place::File {
        file: Arc::clone(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_may_not_be_read_says_so_and_keeps_the_cause() {
        let cause = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = unreadable(Path::new("x.yaml"), &Arc::from("x.yaml"), cause);
        assert_eq!(
            error.to_string(),
            "x.yaml: this user may not read the file: change its owner or mode, or run as another \
             user"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}
