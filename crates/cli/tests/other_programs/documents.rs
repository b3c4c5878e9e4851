//! Documents whose terminals call OpenSSL.

use crate::run::run;

pub(crate) fn the_page_on_identity_does_what_it_says() {
    run("docs/book/identity.md");
}

pub(crate) fn the_page_on_authorities_does_what_it_says() {
    run("docs/book/authority.md");
}
