//! The documents of the repository, and where their links lead.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Markdown file that is not built or downloaded, by its path from the root.
pub(crate) fn documents() -> Vec<String> {
    let found = find("", ".md");
    assert!(found.contains(&"README.md".to_owned()), "found {found:?}");
    found
}

/// Every file with this ending, in a directory that is given with its last `/`, by its path from the root.
pub(crate) fn find(directory: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    visit(&root().join(directory), directory, ending, &mut found);
    found.sort();
    found
}

fn visit(directory: &Path, prefix: &str, ending: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("the directory can be read") {
        let entry = entry.expect("the directory can be read");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let path = format!("{prefix}{name}");
        if entry.file_type().expect("the entry has a type").is_dir() {
            let ours = !name.starts_with('.') && !matches!(&*name, "target" | "state" | "corpus");
            if ours {
                visit(&entry.path(), &format!("{path}/"), ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// A link to another file.
pub(crate) struct Link {
    /// What the reader sees.
    pub(crate) label: String,
    /// The line of the document, counted from 0.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) target: PathBuf,
}

/// The links of a document to other files of the repository.
pub(crate) fn links(document: &str) -> Vec<Link> {
    let path = root().join(document);
    let text = fs::read_to_string(&path).expect("the document is there");
    let directory = path.parent().expect("a file has a directory");
    let mut links = Vec::new();
    let mut in_block = false;
    for (number, line) in text.lines().enumerate() {
        in_block ^= line.starts_with("```");
        if in_block {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let (before, after) = (&line[..at], &line[at + 2..]);
            let label = before.rsplit('[').next().unwrap_or_default();
            let text = after.split(')').next().unwrap_or_default();
            let file = text.split('#').next().unwrap_or_default();
            if !file.is_empty() && !text.contains("://") {
                let target = directory.join(file);
                links.push(Link {
                    label: label.to_owned(),
                    line: number,
                    text: text.to_owned(),
                    target,
                });
            }
        }
    }
    links
}
