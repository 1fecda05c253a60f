//! The works in DFIR. A tick of DFIR is a tick of ours.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use dfir_rs::dfir_syntax;
use dfir_rs::util::{PersistenceKeyed, unbounded_channel};
use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "store" => store(&run),
        "live_join" => live_join(&run),
        other => panic!("no work `{other}`"),
    }
}
