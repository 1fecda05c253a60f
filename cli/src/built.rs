//! This executable, where `bloom build` has put a program into it: that program, with the options of `bloom run`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::BuiltCli;
use crate::image::Image;
use crate::{outcome, run, terminal};

pub(crate) fn run(image: Image) -> ExitCode {
    let default = image.coordination().value_name();
    let mut command = BuiltCli::command()
        .bin_name(image.name())
        .display_name(image.name())
        .about(format!("The Bloom program {}", image.name()))
        .version(concat!("built by bloom ", env!("CARGO_PKG_VERSION")))
        .mut_arg("coordination", |argument| argument.default_value(default));
    command.build();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let arguments = run::parameters::split_off_after(arguments, 0, &command);
    let parsed = command
        .try_get_matches_from(arguments)
        .and_then(|matches| BuiltCli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            terminal::choose_color(cli.color);
            outcome::exit_code(run::run_built(&cli.args, image))
        }
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // Fails only if the stream is closed, and then nobody reads.
            let _unread = error.print();
            ExitCode::from(code)
        }
    }
}
