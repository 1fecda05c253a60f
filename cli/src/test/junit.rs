//! Results as JUnit XML: a suite for each file.

use std::fmt::Write;

use bloom_sim::TestResult;

use super::Broken;

pub(super) fn report(results: &[TestResult], broken: &[Broken]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    suites(&mut xml, results, broken).expect("writing to a string never fails");
    xml
}

fn suites(xml: &mut String, results: &[TestResult], broken: &[Broken]) -> std::fmt::Result {
    let failures = |results: &[TestResult]| results.iter().filter(|r| !r.passed()).count();
    writeln!(
        xml,
        "<testsuites tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        results.len() + broken.len(),
        failures(results),
        broken.len()
    )?;
    for suite in results.chunk_by(|a, b| a.file == b.file) {
        let file = escaped(&suite[0].file);
        writeln!(
            xml,
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
            suite.len(),
            failures(suite)
        )?;
        for result in suite {
            let name = escaped(&result.test);
            write!(xml, "    <testcase name=\"{name}\" classname=\"{file}\"")?;
            match &result.failure {
                None => writeln!(xml, "/>")?,
                Some(failure) => {
                    let message = escaped(failure.message.lines().next().unwrap_or_default());
                    let text = escaped(&format!(
                        "{}: {}\n{}\nseed {}",
                        failure.at, failure.step, failure.message, result.seed
                    ));
                    writeln!(
                        xml,
                        ">\n      <failure message=\"{message}\">{text}</failure>"
                    )?;
                    writeln!(xml, "    </testcase>")?;
                }
            }
        }
        writeln!(xml, "  </testsuite>")?;
    }
    for suite in broken {
        errors(xml, suite)?;
    }
    writeln!(xml, "</testsuites>")
}

/// Readers of JUnit look for an error in a test, so a file without results has one.
fn errors(xml: &mut String, broken: &Broken) -> std::fmt::Result {
    let file = escaped(&broken.file);
    let message = escaped(&broken.message);
    let at = escaped(&broken.at);
    writeln!(
        xml,
        "  <testsuite name=\"{file}\" tests=\"1\" failures=\"0\" errors=\"1\">"
    )?;
    writeln!(xml, "    <testcase name=\"compiles\" classname=\"{file}\">")?;
    writeln!(
        xml,
        "      <error message=\"{message}\">{at}: {message}</error>"
    )?;
    writeln!(xml, "    </testcase>\n  </testsuite>")
}

/// Text as XML holds it; characters that XML cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
