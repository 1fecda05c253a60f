//! Parameters of a node on the command line: `--NAME VALUE`, whatever the name.
//!
//! clap knows only the options of `bloom run` itself; so before it sees the arguments, each option that it
//! does not know and that has a value becomes `--param NAME=VALUE`.

use std::ffi::OsString;

use bloom_host::tables::value_of_text;
use bloom_plan::plan::Plan;
use bloom_plan::value::Value;
use clap::CommandFactory;

use crate::args::Cli;
use crate::outcome::Misuse;

/// The arguments, parameters of a run made `--param`s.
pub(crate) fn split_off(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let Some(at) = command_at(&arguments).filter(|&at| arguments[at] == "run") else {
        return arguments;
    };
    let mut command = Cli::command();
    command.build();
    match command.find_subcommand("run") {
        Some(run) => split_off_after(arguments, at, run),
        None => arguments,
    }
}

/// The arguments, parameters among those after the one at `at` made `--param`s.
pub(crate) fn split_off_after(
    arguments: Vec<OsString>,
    at: usize,
    command: &clap::Command,
) -> Vec<OsString> {
    let takes_value = |name: &str| {
        let mut known = command.get_arguments();
        let argument = known.find(|a| a.get_long() == Some(name))?;
        // What may only stand behind `=` takes no argument after it.
        Some(argument.get_action().takes_values() && !argument.is_require_equals_set())
    };
    let (before, after) = arguments.split_at((at + 1).min(arguments.len()));
    let mut split = before.to_vec();
    let mut rest = after.iter().cloned().peekable();
    while let Some(argument) = rest.next() {
        let long = argument.to_str().and_then(|text| text.strip_prefix("--"));
        let Some(long) = long.filter(|long| !long.is_empty()) else {
            let is_end = argument == "--";
            split.push(argument);
            if is_end {
                split.extend(rest.by_ref());
            }
            continue;
        };
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        match (takes_value(name), value) {
            (Some(true), None) => {
                split.push(argument);
                split.extend(rest.next());
            }
            (Some(_), _) => split.push(argument),
            (None, Some(value)) => push_parameter(&mut split, name, &value),
            (None, None) => {
                let value = rest
                    .peek()
                    .and_then(|next| next.to_str())
                    .map(str::to_owned);
                match value.filter(|value| !value.starts_with("--")) {
                    Some(value) => {
                        push_parameter(&mut split, name, &value);
                        rest.next();
                    }
                    // clap says what is wrong with it.
                    None => split.push(argument),
                }
            }
        }
    }
    split
}

/// Where the command's name is: the first argument that is no option of `bloom` itself.
fn command_at(arguments: &[OsString]) -> Option<usize> {
    let mut at = 1;
    while let Some(option) = arguments
        .get(at)?
        .to_str()
        .filter(|text| text.starts_with('-'))
    {
        at += if option == "--color" { 2 } else { 1 };
    }
    Some(at)
}

fn push_parameter(arguments: &mut Vec<OsString>, name: &str, value: &str) {
    arguments.push("--param".into());
    arguments.push(format!("{}={value}", name.replace('-', "_")).into());
}

/// The values of a node's parameters, in order, from what the command line gave; later wins. The
/// environment's `BLOOM_NAME` stands in for what is not given.
pub(super) fn values(plan: &Plan, given: &[(String, String)]) -> Result<Vec<Value>, Misuse> {
    let mut values = Vec::new();
    let mut omitted = None;
    for constant in plan.constants.iter().filter(|constant| constant.parameter) {
        let name = constant.name.as_str();
        let text = given
            .iter()
            .rev()
            .find(|(given, _)| given == name)
            .map(|(_, text)| text.clone());
        let variable = format!("BLOOM_{}", name.to_ascii_uppercase());
        let Some(text) = text.or_else(|| std::env::var(variable).ok()) else {
            omitted.get_or_insert(name);
            continue;
        };
        // The node takes its parameters by position: one after a gap cannot be given.
        if let Some(omitted) = omitted {
            return Err(Misuse::new(format!(
                "parameter `{name}` of `{}` is given, so `{omitted}` before it must be too",
                plan.name
            )));
        }
        let value = value_of_text(&plan.types, constant.ty, &text)
            .map_err(|message| Misuse::new(format!("parameter `{name}`: {message}")))?;
        values.push(value);
    }
    Ok(values)
}

/// Options of `bloom run` that are designed and not built.
const LATER: [&str; 5] = ["http", "tls_cert", "tls_key", "config", "hosts"];

/// The command, if it is one that is designed and not built.
pub(crate) fn later_command(arguments: &[OsString]) -> Option<&str> {
    const LATER: [&str; 2] = ["observe", "doc"];
    let command = arguments.get(command_at(arguments)?)?.to_str()?;
    LATER.contains(&command).then_some(command)
}

/// Refuses what no kind of node takes.
pub(super) fn refuse_unknown<'p>(
    plans: impl Iterator<Item = &'p Plan> + Clone,
    given: &[(String, String)],
) -> Result<(), Misuse> {
    for (name, _) in given {
        let names = || {
            plans
                .clone()
                .flat_map(|plan| &plan.constants)
                .filter(|c| c.parameter)
                .map(|c| &*c.name)
        };
        if !names().any(|known| known == name) {
            if LATER.contains(&name.as_str()) {
                let option = name.replace('_', "-");
                return Err(Misuse::new(format!("`--{option}` is not in this version")));
            }
            let near = bloom_stdx::nearest(name, names());
            let hint = near
                .map(|near| format!("; did you mean `--{near}`?"))
                .unwrap_or_default();
            return Err(Misuse::new(format!(
                "`bloom run` has no option and the program no parameter `--{name}`{hint}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::split_off;

    fn split(arguments: &[&str]) -> String {
        let all = ["bloom"]
            .iter()
            .chain(arguments)
            .map(std::ffi::OsString::from);
        let split: Vec<String> = split_off(all)
            .into_iter()
            .map(|a| a.to_string_lossy().into_owned())
            .collect();
        split[1..].join(" ")
    }

    #[test]
    fn options_of_run_stay_as_they_are() {
        let given = [
            "--color", "never", "run", "a.bloom", "-F", "in", "--stats", "--out", "out",
        ];
        assert_eq!(split(&given), given.join(" "));
    }

    #[test]
    fn an_option_whose_value_stands_behind_an_equals_sign_takes_no_other() {
        assert_eq!(
            split(&["run", "a.bloom", "--profile", "--size", "3"]),
            "run a.bloom --profile --param size=3"
        );
        assert_eq!(
            split(&["run", "a.bloom", "--profile=x", "--size", "3"]),
            "run a.bloom --profile=x --param size=3"
        );
    }

    #[test]
    fn unknown_options_with_a_value_become_parameters() {
        assert_eq!(
            split(&["run", "a.bloom", "--size", "3"]),
            "run a.bloom --param size=3"
        );
        assert_eq!(
            split(&["run", "--max-size=3", "a.bloom"]),
            "run --param max_size=3 a.bloom"
        );
        assert_eq!(
            split(&["run", "a.bloom", "--shift", "-3"]),
            "run a.bloom --param shift=-3"
        );
    }

    #[test]
    fn unknown_options_without_a_value_are_left_to_clap() {
        assert_eq!(split(&["run", "a.bloom", "--wrong"]), "run a.bloom --wrong");
        assert_eq!(
            split(&["check", "run", "--format", "json"]),
            "check run --format json"
        );
        assert_eq!(
            split(&["check", "a.bloom", "--wrong", "x"]),
            "check a.bloom --wrong x"
        );
    }
}
