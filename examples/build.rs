//! Makes documentation tests of the two guides of the book: for each step, all the code up to its end.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // As many as `book.rs` takes in: one that it left out would be tested by nobody.
    for (guide, count) in [("protocol", 7), ("layer", 6)] {
        let page = format!("../docs/book/{guide}.md");
        println!("cargo::rerun-if-changed={page}");
        let steps = steps(&fs::read_to_string(&page)?);
        if steps.len() != count {
            let found = steps.len();
            return Err(format!("{page} has {found} steps, and book.rs tests {count}").into());
        }
        for (index, test) in steps.iter().enumerate() {
            fs::write(out.join(format!("{guide}-{}.md", index + 1)), test)?;
        }
    }
    Ok(())
}

/// What has been built after each numbered section, as a block of Rust.
fn steps(page: &str) -> Vec<String> {
    let sections = page.split("\n## ").filter(|section| {
        let number = section.split('.').next();
        number.is_some_and(|it| it.parse::<u8>().is_ok())
    });
    let mut code = String::new();
    let built = sections.map(|section| {
        code.extend(blocks(section));
        let main = match code.contains("async fn main()") {
            true => "",
            false => "fn main() {}\n",
        };
        format!("```rust\n#![allow(dead_code, unused_imports)]\n{code}{main}```\n")
    });
    built.collect()
}

/// The blocks of Rust in a part of a page.
fn blocks(part: &str) -> impl Iterator<Item = &str> {
    let starts = part.split("```rust\n").skip(1);
    starts.filter_map(|rest| rest.split("```").next())
}
