//! Running the terminals of a document.

use std::fs;

use crate::{block::Block, files::root, stage::Stage};

/// Runs the terminals of a document, in a directory of its own.
#[track_caller]
pub(crate) fn run(document: &str) {
    let blocks = blocks(document);
    assert!(!blocks.is_empty(), "{document} has no terminals");
    let mut stage = Stage::new();
    for block in blocks {
        stage.play(&block);
    }
    stage.end();
}

pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(document)).expect("the document is there");
    Block::all(document, &text)
}
